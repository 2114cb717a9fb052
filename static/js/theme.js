// The theme is a cookie, so that the server draws the page in it from the first byte.
const picker = document.querySelector("[data-theme-picker]");
if (picker) {
  const select = picker.querySelector("select");
  const root = document.documentElement;
  select.value = root.dataset.theme;
  picker.hidden = false;
  select.addEventListener("change", () => {
    root.dataset.theme = select.value;
    document.cookie = `theme=${select.value}; path=/; max-age=31536000; SameSite=Lax`;
    document.dispatchEvent(new CustomEvent("themechange"));
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    document.dispatchEvent(new CustomEvent("themechange"));
  });
}
