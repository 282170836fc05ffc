/**
 * Charts over delivery slots. The server gives integers and labels in local time; here they are only
 * drawn. The canvas is hidden from screen readers: summary and table beside it say the same.
 */

import uPlot from "uplot";

type SeriesData = {
  label: string;
  tone: string;
  values: (number | null)[];
  low: (number | null)[] | null;
  high: (number | null)[] | null;
  dashed: boolean;
};

type ChartData = {
  unit: string;
  divisor: number;
  digits: number;
  x: number[];
  labels: string[];
  now: number | null;
  series: SeriesData[];
};

type Mounted = { plot: uPlot; target: HTMLElement };

const mounted = new Map<HTMLElement, Mounted>();
const SLOT = 900;

const resized = new ResizeObserver((entries) => {
  for (const entry of entries) {
    const found = mounted.get(entry.target as HTMLElement);
    if (found) found.plot.setSize(sizeOf(found.target));
  }
});

window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  for (const target of [...mounted.keys()]) unmount(target);
  mountCharts();
});

/** Draw every chart that is not drawn yet and forget those that left the page. */
export function mountCharts(): void {
  for (const target of [...mounted.keys()]) if (!target.isConnected) unmount(target);
  for (const target of document.querySelectorAll<HTMLElement>("[data-chart]")) {
    if (!mounted.has(target)) mount(target);
  }
}

function unmount(target: HTMLElement): void {
  resized.unobserve(target);
  mounted.get(target)?.plot.destroy();
  mounted.delete(target);
}

function mount(target: HTMLElement): void {
  const source = document.getElementById(target.dataset["chart"] ?? "");
  if (!source?.textContent) return;
  const data = JSON.parse(source.textContent) as ChartData;
  const plot = new uPlot(options(data, target), columns(data), target);
  mounted.set(target, { plot, target });
  resized.observe(target);
}

function sizeOf(target: HTMLElement): { width: number; height: number } {
  return { width: target.clientWidth, height: target.clientHeight };
}

/**
 * uPlot's columns: x, then for each series its low and high (if it has a band) and its values. A value holds
 * for a whole slot, so x are the slots' ends and the steps are drawn backwards, from a first x at the start.
 */
function columns(data: ChartData): uPlot.AlignedData {
  const scale = (values: (number | null)[]) =>
    [values[0] ?? null, ...values].map((v) => (v === null ? null : v / data.divisor));
  const out: (number | null)[][] = [];
  for (const series of data.series) {
    if (series.low && series.high) out.push(scale(series.low), scale(series.high));
    out.push(scale(series.values));
  }
  const ends = data.x.map((x) => x + SLOT);
  return [[data.x[0] ?? 0, ...ends], ...out];
}

function colour(style: CSSStyleDeclaration, name: string): string {
  return style.getPropertyValue(`--${name}`).trim();
}

function options(data: ChartData, target: HTMLElement): uPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const font = `12px ${getComputedStyle(target).fontFamily}`;
  const grid = { stroke: colour(style, "line"), width: 1 };
  const axis = { stroke: colour(style, "ink-2"), font, grid, ticks: { show: false } };
  const { series, bands } = lines(data, style);
  const labels = new Map(data.x.map((x, at) => [x, data.labels[at] ?? ""]));
  return {
    ...sizeOf(target),
    padding: [8, 8, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
    scales: { x: { time: false }, y: { range: range } },
    series: [{}, ...series],
    bands,
    axes: [
      {
        ...axis,
        size: 28,
        splits: (plot) => hours(data, plot.width),
        values: (_plot, splits) => splits.map((x) => labels.get(x) ?? ""),
      },
      { ...axis, size: 46, values: (_plot, splits) => splits.map((value) => trim(value)) },
    ],
    hooks: {
      draw: [(plot) => drawNow(plot, data.now, colour(style, "ink-2"))],
      setCursor: [(plot) => readOut(plot, data, target)],
    },
  };
}

function lines(data: ChartData, style: CSSStyleDeclaration): { series: uPlot.Series[]; bands: uPlot.Band[] } {
  const series: uPlot.Series[] = [];
  const bands: uPlot.Band[] = [];
  for (const item of data.series) {
    const stroke = colour(style, `tone-${item.tone}`);
    const paths = uPlot.paths.stepped?.({ align: -1 });
    const shape = paths ? { paths } : {};
    if (item.low && item.high) {
      const edge: uPlot.Series = { ...shape, stroke: "transparent", width: 0, points: { show: false } };
      series.push(edge, edge);
      bands.push({ series: [series.length, series.length - 1], fill: `${stroke}33` });
    }
    series.push({
      ...shape,
      stroke,
      width: 2,
      points: { show: false },
      ...(item.dashed ? { dash: [6, 4] } : {}),
    });
  }
  return { series, bands };
}

/** Zero is always in sight, so that small changes do not look large. */
function range(_plot: uPlot, low: number | null, high: number | null): [number, number] {
  const bottom = Math.min(0, low ?? 0);
  const top = Math.max(0, high ?? 1);
  const room = (top - bottom || 1) * 0.08;
  return [bottom < 0 ? bottom - room : 0, top + room];
}

/** Slots that begin a local hour, every third (sixth on a narrow screen). */
function hours(data: ChartData, width: number): number[] {
  const wanted = data.x.length / 4 / Math.max(2, width / 64);
  const step = [1, 2, 3, 6, 12, 24].find((hour) => hour >= wanted) ?? 24;
  return data.x.filter((_x, at) => {
    const [hour, minute] = (data.labels[at] ?? "").split(":").map(Number);
    return minute === 0 && hour !== undefined && hour % step === 0;
  });
}

function trim(value: number): string {
  return String(Math.round(value * 100) / 100);
}

function drawNow(plot: uPlot, now: number | null, stroke: string): void {
  if (now === null) return;
  const x = Math.round(plot.valToPos(now, "x", true));
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.strokeStyle = stroke;
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
  ctx.beginPath();
  ctx.moveTo(x, bbox.top);
  ctx.lineTo(x, bbox.top + bbox.height);
  ctx.stroke();
  ctx.restore();
}

/** The values under the pointer, as a line of text below the chart. */
function readOut(plot: uPlot, data: ChartData, target: HTMLElement): void {
  const output = target.parentElement?.querySelector<HTMLElement>("[data-chart-readout]");
  if (!output) return;
  const left = plot.cursor.left ?? -1;
  const at = left < 0 ? -1 : Math.floor((plot.posToVal(left, "x") - (data.x[0] ?? 0)) / SLOT);
  const x = data.x[at];
  if (x === undefined) {
    output.textContent = "";
    return;
  }
  const format = new Intl.NumberFormat(document.documentElement.lang, {
    minimumFractionDigits: data.digits,
    maximumFractionDigits: data.digits,
  });
  const say = (value: number | null | undefined) =>
    value === null || value === undefined ? "–" : format.format(value / data.divisor);
  const parts = data.series.map((item) => {
    const band = item.low && item.high ? ` (${say(item.low[at])}–${say(item.high[at])})` : "";
    return `${item.label} ${say(item.values[at])}${band}`;
  });
  const end = at + 1 < data.labels.length && data.x[at + 1] === x + SLOT ? `–${data.labels[at + 1]}` : "";
  output.textContent = `${data.labels[at]}${end} · ${parts.join(" · ")} ${data.unit}`;
}
