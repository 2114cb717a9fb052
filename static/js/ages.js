// Keeps "3 min ago" true on a page that nobody reloads; the wording matches dashboards/wording.py.
const UNITS = [
  [86400, "d"],
  [3600, "h"],
  [60, "min"],
  [1, "s"],
];

function age(seconds) {
  const ahead = seconds < -5;
  const size = Math.abs(seconds);
  if (size < 5) return "now";
  const [length, unit] = UNITS.find(([one]) => size >= one);
  const words = `${Math.floor(size / length)} ${unit}`;
  return ahead ? `in ${words}` : `${words} ago`;
}

function tick() {
  for (const place of document.querySelectorAll("[data-ago]")) {
    const words = age((Date.now() - Date.parse(place.dataset.ago)) / 1000);
    if (place.textContent !== words) place.textContent = words;
  }
}

setInterval(tick, 5000);
document.addEventListener("visibilitychange", tick);
