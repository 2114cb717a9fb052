// The theme's colours on a figure: what the style sheet says now, light or dark.
// What a range of days has at its axis, by how far its ticks are apart; a second line is written where it changes.
const DATED = [
  { dtickrange: [null, 86399999], value: "%H:%M\n%b %-d" },
  { dtickrange: [86400000, "M1"], value: "%b %-d" },
  { dtickrange: ["M1", null], value: "%b\n%Y" },
];
const LINES = ["blue", "vermillion", "green", "purple", "orange", "sky"];

// A custom property may hold light-dark(); a colour is only known once an element wears it.
function colours() {
  const probe = document.createElement("i");
  document.body.append(probe);
  const wear = (name) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const found = { ink: wear("text-muted"), text: wear("text"), grid: wear("border"), surface: wear("surface"), bad: wear("bad") };
  for (const name of LINES) found[name] = wear(`wong-${name}`);
  probe.remove();
  return found;
}

function trace(one, paint) {
  const colour = paint[one.meta?.tone] ?? paint.ink;
  return {
    ...one,
    ...(one.line && { line: { ...one.line, color: colour } }),
    ...(one.marker && { marker: { ...one.marker, color: colour } }),
    ...(one.mode === "text" && { textfont: { color: paint.ink, size: 10 } }),
    hoverlabel: { namelength: -1 },
  };
}

function shape(one, paint) {
  const colour = one.label ? paint.bad : paint.ink;
  return {
    ...one,
    layer: "below",
    line: { ...one.line, color: colour },
    ...(one.label && { label: { ...one.label, font: { ...one.label.font, color: colour } } }),
  };
}

export function themed({ data, layout }) {
  const paint = colours();
  const font = { family: getComputedStyle(document.body).fontFamily, size: 11, color: paint.ink };
  const dated = !layout.xaxis.tickformat;
  const axis = { gridcolor: paint.grid, linecolor: paint.grid, zerolinecolor: paint.grid, tickcolor: paint.grid, automargin: true };
  return {
    data: data.map((one) => trace(one, paint)),
    layout: {
      ...layout,
      autosize: true,
      font,
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      margin: { l: 36, r: 8, t: 16, b: (layout.showlegend ? 44 : 22) + (dated ? 14 : 0) },
      dragmode: "zoom",
      xaxis: { ...axis, ...layout.xaxis, showgrid: false, nticks: 7, tickangle: 0, tickformatstops: dated ? DATED : [], hoverformat: "%b %-d, %H:%M UTC", range: [...layout.xaxis.range] },
      yaxis: { ...axis, ...layout.yaxis, title: undefined, fixedrange: true, nticks: 5, hoverformat: ",.4~r" },
      shapes: layout.shapes.map((one) => shape(one, paint)),
      legend: { orientation: "h", x: 0, yref: "container", y: 0, yanchor: "bottom", bgcolor: "rgba(0,0,0,0)", font },
      hoverlabel: { bgcolor: paint.surface, bordercolor: paint.grid, font: { ...font, color: paint.text } },
    },
  };
}
