// One figure with its unit; the word "unknown" with its reason where there is none.
import type { Maybe } from '../api';
import { isKnown, splitUnits, UNKNOWN } from '../format';

interface Props {
  value: Maybe | undefined;
  /** Turns a known value into text, as "12.4 s". */
  show: (v: number) => string;
  /** Why it is unknown. */
  reason?: string;
  unit?: string;
}

export function Value({ value, show, reason, unit }: Props) {
  if (!isKnown(value)) return <Unknown reason={reason} />;
  return (
    <span class="value">
      {splitUnits(show(value)).map(([figure, of], i) => (
        <span key={i}>{i > 0 && ' '}{figure}{of && <small> {of}</small>}</span>
      ))}
      {unit && <small> {unit}</small>}
    </span>
  );
}

export function Unknown({ reason }: { reason?: string | undefined }) {
  const why = reason || 'not told by the server';
  return (
    <span class="unknown" title={`Unknown: ${why}`}>
      {UNKNOWN}
      <span class="sr-only">: {why}</span>
    </span>
  );
}
