import { stepOfCell } from '../../src/pure/cells';
import { observedGroups, Patience, PROOF_MARKS, proofClass } from '../../src/pure/proof';
import { goldenProject } from '../golden';

const { steps } = goldenProject();
const [source, feature] = steps;

describe('the proof of a step', () => {
  it('is on the badge of its cell', () => {
    const step = stepOfCell(feature?.cell ?? '', steps);
    expect(step).toMatchObject({ proof: 'needs hidden', proven: 'needs hidden `df`' });
    expect(step?.flags).toEqual(['opaque: holds a socket', 'dynamic: globals()']);
    expect(step?.observed).toHaveLength(1);
  });

  it('says nothing of a cell that was changed since', () => {
    const step = stepOfCell(`${feature?.cell}# more`, steps);
    expect(step).toMatchObject({ draft: 'changed', proof: null, flags: [], observed: [] });
  });

  it('has a mark of its own for each state', () => {
    expect(new Set(Object.values(PROOF_MARKS)).size).toBe(4);
    expect(proofClass('not deterministic')).toBe('not-deterministic');
  });
});

test('observations are grouped: what was read first, each name once', () => {
  const observed = source?.observed ?? [];
  expect(observedGroups([...observed, ...observed])).toEqual([
    { kind: 'file', mode: 'read', names: ['thresholds.json'] },
    { kind: 'variable', mode: 'read', names: ['FLIGHTS_HOME'] },
    { kind: 'socket', mode: 'read', names: ['localhost:5432'] },
    { kind: 'program', mode: 'read', names: ['gzip'] },
    { kind: 'file', mode: 'write', names: ['cache/hours.parquet'] }
  ]);
});

describe('waiting for proofs', () => {
  const proven = steps.slice(0, 1);
  const open = steps.map(step => ({ ...step, proof: 'not proven' as const, proven: '' }));

  it('ends at once where everything is proven', () => {
    expect(new Patience().wait(proven)).toBeNull();
  });

  it('does not wait for a proof that ended without a result', () => {
    const ended = open.map(step => ({ ...step, proven: 'not proven' }));
    expect(new Patience().wait(ended)).toBeNull();
  });

  it('asks less and less often, and then no more', () => {
    const patience = new Patience();
    const waits = Array.from({ length: 10 }, () => patience.wait(open));
    const asked = waits.filter(wait => wait !== null);
    expect(asked).toEqual([...asked].sort((one, other) => Number(one) - Number(other)));
    expect(asked.length).toBeLessThan(10);
    expect(waits[9]).toBeNull();
  });

  it.each([
    ['a cell ran', (patience: Patience) => patience.renew(), open],
    ['a proof ended', () => undefined, [...proven, ...open.slice(1)]]
  ])('begins anew when %s', (_, happens, then) => {
    const patience = new Patience();
    const first = patience.wait(open);
    Array.from({ length: 10 }, () => patience.wait(open));
    happens(patience);
    expect(patience.wait(then)).toBe(first);
  });
});
