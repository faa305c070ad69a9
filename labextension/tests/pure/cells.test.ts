import {
  concernsBlase,
  kindOfCell,
  nameOfCell,
  stepOfCell,
  stepsByKind
} from '../../src/pure/cells';
import { goldenProject } from '../golden';

const { steps } = goldenProject();
const stale = "%%blase_feature\ndef dep_hour(chunk):\n    return normalize(chunk['hour'])";

describe('a marked cell', () => {
  it.each([
    ['%%blase_feature', 'feature'],
    ['%%blase_loop train --epochs 3\n', 'loop'],
    ['%%blase_featured', null],
    ['%%blase_toString', null],
    ['%%blase_constructor', null],
    [' %%blase_feature', null],
    ['x = 1\n%%blase_feature', null],
    ['', null]
  ])('%p has the kind %p', (text, kind) => {
    expect(kindOfCell(text)).toBe(kind);
  });

  it.each([
    ['%%blase_feature\ndef a(x): ...\ndef b(x):\n  def c(): ...', 'b'],
    ['%%blase_feature a\ndef a(x): ...\ndef b(x): ...', 'a'],
    ['%%blase_feature --lookback 3 a --group tail\n', 'a'],
    ['%%blase_feature --lookback=3\nclass Foo:\n  pass', 'Foo'],
    ['%%blase_impact --unit "EUR a day"\nasync def cost(p): ...', 'cost'],
    ['%%blase_source', null]
  ])('%p has the name %p', (text, name) => {
    expect(nameOfCell(text)).toBe(name);
  });
});

describe('the badge', () => {
  it('is absent from an unmarked cell', () => {
    expect(stepOfCell('x = 1', steps)).toBeNull();
  });

  it('has the state of the step that was captured from this text', () => {
    const step = stepOfCell(`${stale}\n\n`, steps);
    expect(step).toMatchObject({ name: 'dep_hour', version: 3, state: 'stale', draft: null });
    expect(step?.reasons).toEqual(['function `normalize` changed 2 lines']);
    expect(step?.documented).toBe(false);
  });

  it('says draft of a cell that was changed since', () => {
    const step = stepOfCell(`${stale} + 1`, steps);
    expect(step).toMatchObject({ version: 3, state: 'draft', draft: 'changed' });
  });

  it('says draft of a cell that was never captured', () => {
    const step = stepOfCell('%%blase_target\ndef late(chunk): ...', steps);
    expect(step).toMatchObject({ name: 'late', version: null, state: 'draft', draft: 'unknown' });
  });

  it('claims no state while nothing is known of the project', () => {
    expect(stepOfCell(stale, null)).toMatchObject({ name: 'dep_hour', state: null, draft: null });
  });

  it('knows a cell again whose secret was hidden', () => {
    const [source] = steps;
    const cell = '%%blase_source\ndef flights(token="[redacted]"):\n    return [a+b]';
    const known = source === undefined ? [] : [{ ...source, cell }];
    const text = (secret: string): string => cell.replace('[redacted]', secret);
    expect(stepOfCell(text('s3(cr]et'), known)?.state).toBe('fresh');
    expect(stepOfCell(`${text('x')} * 2`, known)?.state).toBe('draft');
  });

  it('takes no step of another kind for its own', () => {
    const step = stepOfCell('%%blase_target\ndef dep_hour(chunk): ...', steps);
    expect(step).toMatchObject({ version: null, draft: 'unknown' });
  });
});

describe('a cell', () => {
  it.each([
    ['%blase train', true],
    ['%load_ext blase_lab', true],
    ['%%blase_feature\n', true],
    ['import blase_lab', true],
    ['print("ablaze")', false]
  ])('%p concerns blase: %p', (text, concerns) => {
    expect(concernsBlase(text)).toBe(concerns);
  });
});

test('steps are listed by kind, in the order of the data', () => {
  const kinds = stepsByKind([...steps].reverse()).map(([kind]) => kind);
  expect(kinds).toEqual(['source', 'feature', 'target']);
});
