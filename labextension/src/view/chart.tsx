import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import type { Chart, ChartData, Line } from '../pure/chart';
import { layOut } from '../pure/chart';
import { formatMetric } from '../pure/format';

const HEIGHT = 150;

interface ChartProps {
  readonly data: ChartData;
  readonly epochs: number;
  readonly trans: TranslationBundle;
}

/** One metric over the epochs: train solid with a dot, validation dashed with a square. */
export function ChartView({ data, epochs, trans }: ChartProps): JSX.Element {
  const [box, width] = useWidth(320);
  const chart = layOut(data, epochs, width, HEIGHT);
  return (
    <figure className="blase-chart" ref={box}>
      <figcaption className="blase-chart-caption">
        <span className="blase-chart-title">{data.metric}</span>
        {chart.lines.map((line, index) => (
          <LegendItem key={index} line={line} trans={trans} />
        ))}
        {data.baseline !== null && (
          <span className="blase-legend">
            <Swatch kind="baseline" />
            {trans.__('baseline')} <b>{formatMetric(data.baseline)}</b>
          </span>
        )}
      </figcaption>
      <svg
        width={width}
        height={HEIGHT}
        viewBox={`0 0 ${width} ${HEIGHT}`}
        role="img"
        aria-label={describe(data, chart, trans)}
      >
        <Axes chart={chart} />
        {chart.baseline !== null && (
          <path
            className="blase-line blase-baseline"
            d={`M${chart.left} ${chart.baseline}H${chart.right}`}
          />
        )}
        {chart.lines.map((line, index) => (
          <LineView key={index} line={line} />
        ))}
      </svg>
    </figure>
  );
}

function LegendItem({ line, trans }: { line: Line; trans: TranslationBundle }): JSX.Element {
  return (
    <span className="blase-legend">
      <Swatch kind={line.split} />
      {splitWord(line.split, trans)} <b>{formatMetric(line.end?.value)}</b>
    </span>
  );
}

function splitWord(split: Line['split'], trans: TranslationBundle): string {
  return split === 'train' ? trans.__('train') : trans.__('validation');
}

function Swatch({ kind }: { kind: Line['split'] | 'baseline' }): JSX.Element {
  return (
    <svg width={22} height={10} aria-hidden="true">
      <path className={`blase-line blase-${kind}`} d="M1 5H21" />
      {kind !== 'baseline' && <Marker split={kind} x={11} y={5} />}
    </svg>
  );
}

function Axes({ chart }: { chart: Chart }): JSX.Element {
  return (
    <g className="blase-axes" aria-hidden="true">
      {chart.yTicks.map(tick => (
        <React.Fragment key={tick.label}>
          <path d={`M${chart.left} ${tick.at}H${chart.right}`} />
          <text x={chart.left - 6} y={tick.at} dy="0.32em" textAnchor="end">
            {tick.label}
          </text>
        </React.Fragment>
      ))}
      {chart.xTicks.map(tick => (
        <text key={tick.label} x={tick.at} y={chart.bottom + 14} textAnchor="middle">
          {tick.label}
        </text>
      ))}
    </g>
  );
}

function LineView({ line }: { line: Line }): JSX.Element {
  return (
    <>
      <path className={`blase-line blase-${line.split}`} d={line.path} />
      {line.end !== null && <Marker split={line.split} x={line.end.x} y={line.end.y} />}
    </>
  );
}

function Marker(place: { split: Line['split']; x: number; y: number }): JSX.Element {
  const { split, x, y } = place;
  return split === 'train' ? (
    <circle className="blase-marker blase-train" cx={x} cy={y} r={3} />
  ) : (
    <rect className="blase-marker blase-validation" x={x - 3} y={y - 3} width={6} height={6} />
  );
}

function describe(data: ChartData, chart: Chart, trans: TranslationBundle): string {
  const parts = chart.lines.map(
    line => `${splitWord(line.split, trans)} ${formatMetric(line.end?.value)}`
  );
  return trans.__('%1 over the epochs, now: %2', data.metric, parts.join(', '));
}

/** The width of the element in pixels, followed while it changes. */
function useWidth(first: number): [React.RefObject<HTMLElement>, number] {
  const box = React.useRef<HTMLElement>(null);
  const [width, setWidth] = React.useState(first);
  React.useEffect(() => {
    const element = box.current;
    if (element === null) {
      return;
    }
    const observer = new ResizeObserver(entries => {
      const measured = Math.floor(entries[0]?.contentRect.width ?? 0);
      if (measured > 0) {
        setWidth(measured);
      }
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [box, width];
}
