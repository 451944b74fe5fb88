// One chart over time, drawn by uPlot. A line stops where a value is unknown and the span is shaded. The value under
// the cursor (the newest one otherwise) stands in the legend; left and right arrows move the cursor, Escape lets go.
import { useLayoutEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import type { Maybe } from '../api';
import { clock, isKnown, UNKNOWN } from '../format';
import { peak, unknownRanges } from '../history';
import { onTheme } from '../theme';

export interface Line {
  name: string;
  /** What it counts, as a tooltip. */
  help: string;
  /** CSS custom property that holds the colour. */
  colour: string;
  values: Maybe[];
  fill?: boolean;
  stepped?: boolean;
  dashed?: boolean;
}

interface Props {
  title: string;
  help: string;
  unit: string;
  t_s: number[];
  lines: Line[];
  show: (v: number) => string;
  axis: (v: number) => string;
  /** Words for a position on the time axis, when it counts back from now (negative seconds, 0 at its end). */
  time?: (s: number) => string;
  /** The y axis reaches at least this far. */
  atLeast: number;
  wholeNumbers?: boolean;
}

const SYNC = 'gantry-time';

export function Chart(props: Props) {
  const host = useRef<HTMLDivElement>(null);
  const legend = useRef<HTMLDListElement>(null);
  const spoken = useRef<HTMLSpanElement>(null);
  const latest = useRef(props);
  const plot = useRef<uPlot | null>(null);
  latest.current = props;

  // Made once, and anew when the theme changes the colours; before the first paint, so that it is never an empty grid.
  useLayoutEffect(() => {
    const make = () => {
      plot.current?.destroy();
      plot.current = create(host.current!, latest, () => describe(plot.current, latest.current, legend.current!));
      describe(plot.current, latest.current, legend.current!);
    };
    make();
    const unsubscribe = onTheme(make);
    const resize = new ResizeObserver(() => plot.current?.setSize(sizeOf(host.current!)));
    resize.observe(host.current!);
    return () => {
      unsubscribe();
      resize.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, []);

  useLayoutEffect(() => {
    plot.current?.setData(dataOf(props));
    describe(plot.current, props, legend.current!);
  }, [props.t_s, props.lines]);

  const onKeyDown = (event: KeyboardEvent) => {
    const u = plot.current;
    const n = props.t_s.length;
    if (!u || n === 0) return;
    const step = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10, Home: -n, End: n }[event.key];
    if (event.key === 'Escape') u.setCursor({ left: -10, top: -10 });
    if (step === undefined) return;
    event.preventDefault();
    const at = Math.min(n - 1, Math.max(0, (u.cursor.idx ?? n) + step));
    u.setCursor({ left: u.valToPos(props.t_s[at]!, 'x'), top: 10 });
    spoken.current!.textContent = `at ${(props.time ?? clock)(props.t_s[at]!)}: ${sayAll(props, at)}`;
  };

  return (
    <figure class="chart">
      <figcaption title={props.help}>
        <h3>{props.title} <small>{props.unit}</small></h3>
        <dl class="legend" ref={legend}>
          {props.lines.map((line) => (
            <div key={line.name} title={line.help}>
              <dt><span class={`swatch ${line.dashed ? 'swatch-dashed' : ''}`} data-colour={line.colour} aria-hidden="true" />{line.name}</dt>
              <dd />
            </div>
          ))}
        </dl>
      </figcaption>
      <div class="plot" ref={host} tabIndex={0} role="group" aria-roledescription="chart" aria-label={summary(props)} onKeyDown={onKeyDown} />
      <span class="sr-only" aria-live="polite" ref={spoken} />
    </figure>
  );
}

function sayAll(props: Props, at: number): string {
  return props.lines.map((l) => `${l.name} ${sayOne(props, l.values[at])}`).join(', ');
}

function sayOne(props: Props, v: Maybe | undefined): string {
  return isKnown(v) ? props.show(v) : UNKNOWN;
}

/** What someone hears who cannot see the lines. */
function summary(props: Props): string {
  const n = props.t_s.length;
  if (n === 0) return `${props.title}: no samples yet`;
  const lines = props.lines.map((l) => `${l.name} now ${sayOne(props, l.values[n - 1])}, highest ${sayOne(props, peak(l.values))}`);
  return `${props.title}, ${props.unit}, over ${Math.round(props.t_s[n - 1]! - props.t_s[0]!)} seconds: ${lines.join('; ')}. Arrow keys read single moments.`;
}

/** Writes the values at the cursor, or the newest, into the legend. */
function describe(u: uPlot | null, props: Props, legend: HTMLElement): void {
  const n = props.t_s.length;
  const at = Math.min(u?.cursor.idx ?? n - 1, n - 1);
  legend.querySelectorAll('dd').forEach((dd, i) => {
    const v = props.lines[i]?.values[at];
    dd.textContent = sayOne(props, v);
    dd.className = isKnown(v) ? '' : 'unknown';
  });
}

function sizeOf(host: HTMLElement): { width: number; height: number } {
  return { width: Math.max(120, host.clientWidth), height: host.clientHeight || 150 };
}

/** At least half a minute, so that the first seconds do not race across the chart. */
function spanOf(t_s: number[]): [number, number] {
  const from = t_s[0] ?? 0;
  return [from, Math.max(t_s.at(-1) ?? 0, from + 30)];
}

function spanBack(t_s: number[]): [number, number] {
  return [Math.min(t_s[0] ?? 0, -30), 0];
}

function dataOf(props: Props): uPlot.AlignedData {
  return [props.t_s, ...props.lines.map((l) => l.values)] as uPlot.AlignedData;
}

function create(host: HTMLElement, latest: { current: Props }, onCursor: () => void): uPlot {
  const css = getComputedStyle(document.documentElement);
  const colour = (name: string) => css.getPropertyValue(name).trim();
  const props = latest.current;
  const axis: uPlot.Axis = {
    stroke: colour('--muted'),
    font: '11px system-ui, sans-serif',
    grid: { stroke: colour('--grid'), width: 1 },
    ticks: { show: false },
  };
  const options: uPlot.Options = {
    ...sizeOf(host),
    padding: [8, 18, 0, 0],
    legend: { show: false },
    cursor: {
      sync: { key: SYNC, setSeries: false },
      drag: { x: false, y: false },
      y: false,
      points: { size: 7 },
    },
    scales: {
      // by our own data: uPlot widens a single sample to a span of its own choosing
      x: { time: false, range: () => (props.time ? spanBack : spanOf)(latest.current.t_s) },
      y: { range: (_u, _min, max) => [0, Math.max(latest.current.atLeast, (max ?? 0) * 1.08)] },
    },
    axes: [
      { ...axis, size: 24, space: 60, incrs: [5, 10, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600], values: (_u, ticks) => ticks.map(props.time ?? clock) },
      {
        ...axis,
        size: (u, values) => Math.max(48, widest(u, values ?? []) + 14),
        space: 32,
        ...(props.wholeNumbers ? { incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000] } : {}),
        values: (_u, ticks) => ticks.map((v) => latest.current.axis(v)),
      },
    ],
    series: [
      {},
      ...props.lines.map((line): uPlot.Series => ({
        label: line.name,
        stroke: colour(line.colour),
        width: 2,
        spanGaps: false,
        points: { show: () => latest.current.time !== undefined && latest.current.t_s.length === 1 }, // which makes no line
        ...(line.dashed ? { dash: [4, 4] } : {}),
        ...(line.fill ? { fill: colour(`${line.colour}-fill`) } : {}),
        ...(line.stepped ? { paths: uPlot.paths.stepped!({ align: 1 }) } : {}),
      })),
    ],
    hooks: {
      drawClear: [(u) => shadeUnknown(u, latest.current, colour('--unknown-shade'))],
      setCursor: [onCursor],
    },
  };
  return new uPlot(options, dataOf(props), host);
}

/** Of the axis labels, in CSS pixels: "1 min 40 s" is wider than "1.5k". */
function widest(u: uPlot, labels: string[]): number {
  u.ctx.save();
  u.ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
  const width = Math.max(0, ...labels.map((label) => u.ctx.measureText(label ?? '').width)) / devicePixelRatio;
  u.ctx.restore();
  return Math.ceil(width);
}

/** A shaded band where the first line is unknown: a gap that nobody can take for zero. */
function shadeUnknown(u: uPlot, props: Props, fill: string): void {
  const xs = props.t_s;
  const values = props.lines[0]?.values ?? [];
  if (peak(values) === null && values.length < 3) return; // just started: rates need two samples
  u.ctx.save();
  u.ctx.fillStyle = fill;
  for (const [first, last] of unknownRanges(values)) {
    if (first === 0 && last < 2) continue;
    const left = u.valToPos(xs[Math.max(0, first - 1)]!, 'x', true);
    const right = u.valToPos(xs[Math.min(xs.length - 1, last + 1)]!, 'x', true);
    u.ctx.fillRect(left, u.bbox.top, Math.max(2, right - left), u.bbox.height);
  }
  u.ctx.restore();
}
