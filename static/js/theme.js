// The theme that somebody has chosen: light, dark, or as the system.
// Loaded in the head, so that it is set before the first paint.
(() => {
  const THEMES = ["system", "light", "dark"];
  const WORDS = { system: "as the system", light: "light", dark: "dark" };
  const root = document.documentElement;
  const recall = () => {
    try {
      return localStorage.getItem("theme") ?? "system";
    } catch {
      return "system";
    } // storage is blocked
  };
  const remember = (theme) => {
    try {
      localStorage.setItem("theme", theme);
    } catch {
      /* it lasts as long as the page */
    }
  };
  let theme = THEMES.includes(recall()) ? recall() : "system";

  const show = () => {
    if (theme === "system") delete root.dataset.theme;
    else root.dataset.theme = theme;
    const button = document.querySelector("[data-theme-switch]");
    button?.setAttribute("aria-label", `Theme: ${WORDS[theme]}`);
    for (const icon of button?.children ?? []) icon.hidden = icon.dataset.themeIcon !== theme;
  };

  show();
  document.addEventListener("DOMContentLoaded", show);
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-theme-switch]")) return;
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
    remember(theme);
    show();
    const live = document.getElementById("live");
    if (live) live.textContent = `Theme: ${WORDS[theme]}`;
  });
})();
