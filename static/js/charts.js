// Draws the page's figures with Plotly, in the theme's colours, and keeps them in step: one zoom for all charts,
// kept over refreshes. The figures come from the server as JSON in #figures.
import { themed } from "./chart-theme.js";
import { announce } from "./chart-zoom.js";

const OPTIONS = { displayModeBar: false, responsive: true, doubleClick: false };
const watch = new IntersectionObserver(seen, { rootMargin: "400px" });
let figures = {};
let zoom = null;
let busy = false;

function read() {
  const source = document.getElementById("figures");
  figures = source ? JSON.parse(source.textContent) : {};
  for (const place of document.querySelectorAll("[data-chart]")) {
    if (place.dataset.drawn) draw(place);
    else watch.observe(place);
  }
}

function seen(entries) {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    watch.unobserve(target);
    draw(target);
  }
}

async function draw(place) {
  const figure = figures[place.dataset.chart];
  if (!figure) return;
  const { data, layout } = themed(figure);
  if (zoom) layout.xaxis.range = zoom;
  await Plotly.react(place, data, layout, OPTIONS);
  if (place.dataset.drawn) return;
  place.dataset.drawn = "yes";
  place.on("plotly_relayout", moved);
  place.on("plotly_doubleclick", () => show(null));
}

function moved(change) {
  const [start, end] = [change["xaxis.range[0]"], change["xaxis.range[1]"]];
  if (start && end && !busy) show([start, end]);
}

// One bus for all charts; `busy` is the loop guard, since every relayout reports itself.
async function show(range) {
  zoom = range;
  busy = true;
  const drawn = [...document.querySelectorAll("[data-drawn]")].filter((place) => figures[place.dataset.chart]);
  await Promise.all(
    drawn.map((place) => {
      const whole = figures[place.dataset.chart].layout.xaxis.range;
      return Plotly.relayout(place, { "xaxis.range": [...(range ?? whole)], "yaxis.autorange": true });
    }),
  );
  busy = false;
  announce(zoom, () => show(null));
}

function redraw() {
  for (const place of document.querySelectorAll("[data-drawn]")) draw(place);
}

// A 304 is announced as a swap too, though nothing came.
document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => ctx.response.status === 200 && read());
document.addEventListener("themechange", redraw);
document.addEventListener("keydown", (event) => event.key === "Escape" && zoom && show(null));
read();
