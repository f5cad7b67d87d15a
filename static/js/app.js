// Small comforts on top of pages that work without them: theme, search keys, copying, announcements.
(() => {
  const root = document.documentElement;
  const remember = (theme) => { try { localStorage.setItem("theme", theme); } catch { /* storage is blocked */ } };
  const recall = () => { try { return localStorage.getItem("theme"); } catch { return null; } };
  const saved = recall();
  if (saved) root.dataset.theme = saved; // before the first paint: this file is loaded in the head

  const announce = (text) => {
    const live = document.getElementById("live");
    if (live) live.textContent = text;
  };

  const toggleTheme = () => {
    const chosen = root.dataset.theme;
    const isDark = chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = isDark ? "light" : "dark";
    remember(root.dataset.theme);
    announce(`${root.dataset.theme} theme`);
  };

  const copy = async (button) => {
    if (!navigator.clipboard) {
      button.title = "This browser copies on https only";
      announce(button.title);
      return;
    }
    await navigator.clipboard.writeText(button.dataset.copy);
    announce(`Copied ${button.dataset.copy}`);
    button.classList.add("is-copied");
    setTimeout(() => button.classList.remove("is-copied"), 1200);
  };

  const light = (element, on) => {
    const partner = element?.closest?.("[data-partner]")?.dataset.partner;
    if (!partner) return;
    for (const other of document.querySelectorAll(`[data-partner="${CSS.escape(partner)}"]`)) {
      other.classList.toggle("is-partner", on);
    }
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy], [data-theme-switch]");
    if (!button) return;
    if (button.dataset.copy) copy(button); else toggleTheme();
  });

  // On a phone the sections are a strip: the one that is open must be in sight.
  const showSection = () =>
    document.querySelector(".sidebar [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
  document.addEventListener("DOMContentLoaded", showSection);

  // The box in the head of a table ticks all rows of the page; without scripts it is not there.
  const showTickAll = () => {
    for (const box of document.querySelectorAll("[data-tick-all]")) box.hidden = false;
  };
  document.addEventListener("DOMContentLoaded", showTickAll);
  document.addEventListener("change", (event) => {
    if (!event.target.matches?.("[data-tick-all]")) return;
    event.stopPropagation();
    for (const box of event.target.closest("table").querySelectorAll("tbody input[type=checkbox]")) box.checked = event.target.checked;
  }, true);

  document.addEventListener("mouseover", (event) => light(event.target, true));
  document.addEventListener("mouseout", (event) => light(event.target, false));
  document.addEventListener("focusin", (event) => light(event.target, true));
  document.addEventListener("focusout", (event) => light(event.target, false));

  document.addEventListener("keydown", (event) => {
    const search = document.getElementById("search");
    const panel = document.getElementById("search-results");
    const typing = event.target.closest?.("input, textarea, select");
    if (event.key === "/" && !typing && search) {
      event.preventDefault();
      search.focus();
      return;
    }
    if (!panel || !event.target.closest?.(".searchbox")) return;
    if (event.key === "Escape") {
      search.focus();
      panel.replaceChildren();
    }
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const places = [search, ...panel.querySelectorAll("a")];
    const step = event.key === "ArrowDown" ? 1 : places.length - 1;
    places[(places.indexOf(document.activeElement) + step) % places.length]?.focus();
    event.preventDefault();
  });

  // The server holds what a preview shows until it has answered: a form sent meanwhile would be given the next addresses.
  // So it waits for the preview that is on its way, and no further one starts.
  let sent = null;
  addEventListener("pageshow", () => { sent = null; });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches('[hx-target="#preview"]')) return;
    sent = form;
    if (!form.classList.contains("htmx-request")) return;
    event.preventDefault();
    form.addEventListener("htmx:afterRequest", () => form.requestSubmit(event.submitter), { once: true });
  });
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.elt === sent) event.preventDefault();
  });

  document.addEventListener("htmx:afterSwap", (event) => {
    const said = event.detail.target.dataset.announce ?? event.detail.target.querySelector?.("[data-announce]")?.dataset.announce;
    announce(said ?? "Updated");
    showTickAll();
    document.getElementById("problem").hidden = true;
  });
  for (const failure of ["htmx:responseError", "htmx:sendError"]) {
    document.addEventListener(failure, () => {
      const problem = document.getElementById("problem");
      if (problem) problem.hidden = false;
      announce("The server did not answer as expected. Reload the page.");
    });
  }
})();
