// While charts are zoomed: a strip that says so, undoes it, and opens the zoomed span as the page's range.
function utc(text) {
  // Plotly writes times without a zone; ours are UTC.
  return `${text.slice(0, 16).replace(" ", "T")}Z`;
}

function link(text, href) {
  const made = document.createElement("a");
  made.className = "button";
  made.textContent = text;
  made.href = href;
  return made;
}

export function announce(range, undo) {
  document.querySelector(".zoomed")?.remove();
  if (!range) return;
  const [from, to] = range.map(utc);
  const strip = document.createElement("div");
  strip.className = "zoomed";
  strip.setAttribute("role", "status");
  const words = document.createElement("span");
  // Over several days the time of day alone says nothing.
  const first = from.slice(0, 10) === to.slice(0, 10) ? 11 : 0;
  const [start, end] = [from, to].map((moment) => moment.slice(first, 16).replace("T", " "));
  words.textContent = `Charts show ${start} to ${end} UTC`;
  const back = document.createElement("button");
  back.type = "button";
  back.className = "button";
  back.textContent = "Whole range";
  back.addEventListener("click", undo);
  strip.append(words, link("Open as range", `?${new URLSearchParams({ from, to })}`), back);
  document.getElementById("live").before(strip);
}
