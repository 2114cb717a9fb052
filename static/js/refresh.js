// Refresh in place: fires `refresh` on the body at the smallest data-refresh-seconds of the page, while the tab is seen.
// The last ETag of each address goes with the next request, so that "nothing new" is an empty 304 and nothing is swapped.
const tags = new Map();
let last = Date.now();

function interval() {
  const asked = [...document.querySelectorAll("[data-refresh-seconds]")].map((one) => Number(one.dataset.refreshSeconds));
  return Math.min(...asked.filter((seconds) => seconds > 0)) * 1000;
}

function tick() {
  if (document.hidden || Date.now() - last < interval()) return;
  last = Date.now();
  document.body.dispatchEvent(new CustomEvent("refresh"));
}

document.addEventListener("htmx:config:request", ({ detail: { ctx } }) => {
  const tag = tags.get(ctx.request.action);
  if (tag && ctx.request.method === "GET") ctx.request.headers["If-None-Match"] = tag;
});

document.addEventListener("htmx:before:response", (event) => {
  const { ctx } = event.detail;
  if (ctx.response.raw.redirected) {
    // The session ended: show the sign-in page as a page, not inside this one.
    event.preventDefault();
    location.reload();
    return;
  }
  const tag = ctx.response.headers.get("ETag");
  if (tag && ctx.response.status === 200) tags.set(ctx.request.action, tag);
});

function heard(ok) {
  document.documentElement.toggleAttribute("data-offline", !ok);
}

document.addEventListener("htmx:after:request", ({ detail: { ctx } }) => heard(ctx.response.status < 400));
document.addEventListener("htmx:error", () => heard(false));
document.addEventListener("visibilitychange", tick);
setInterval(tick, 500);
