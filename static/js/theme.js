// What somebody has chosen to see: the theme (light, dark, or as the system), and how dense lists are.
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

  // Where there is a desk, lists are compact unless somebody wants roomier rows.
  const density = (next) => {
    try {
      if (next) localStorage.setItem("density", next);
      next ??= localStorage.getItem("density");
    } catch {
      /* storage is blocked */
    }
    if (next) root.dataset.density = next;
    for (const button of document.querySelectorAll("button[data-density]")) {
      button.textContent = root.dataset.density === "roomy" ? "Compact rows" : "Roomier rows";
    }
  };

  show();
  density();
  document.addEventListener("DOMContentLoaded", () => {
    show();
    density();
  });
  document.addEventListener("htmx:afterSwap", () => density());
  document.addEventListener("click", (event) => {
    if (event.target.closest("button[data-density]")) density(root.dataset.density === "roomy" ? "compact" : "roomy");
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-theme-switch]")) return;
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
    remember(theme);
    show();
    const live = document.getElementById("live");
    if (live) live.textContent = `Theme: ${WORDS[theme]}`;
  });
})();
