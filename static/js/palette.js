// The search box as a palette: its keys, and with nothing typed the things that this person opened last in this browser.
(() => {
  const search = document.getElementById("search");
  const panel = document.getElementById("search-results");
  const [STORED, KEPT, SHOWN] = ["recent", 9, 5];
  const THING =
    /^(networks|addresses|machines|clusters|projects|partitions|vrfs)\/(?!new\/|allocate\/|import\/|act\/)(at\/)?[^/]+\/$/;
  const { root, person } = document.body.dataset;

  // Whoever signs in after somebody else, and the page of the sign-in, find nothing of theirs.
  const recall = () => {
    try {
      const stored = JSON.parse(localStorage.getItem(STORED));
      return person && stored?.person === person ? stored.things : [];
    } catch {
      return []; // a browser that stores nothing
    }
  };
  const keep = (things) => {
    try {
      if (person) localStorage.setItem(STORED, JSON.stringify({ person, things }));
      else localStorage.removeItem(STORED);
    } catch {
      // then there are no recent things
    }
  };
  const remember = () => {
    const here = location.pathname;
    const [, section] = here.slice(root.length).match(THING) ?? [];
    const others = recall().filter((one) => one.path !== here);
    const name = document.querySelector("main h1:not(.empty h1)")?.textContent.replace(/\s+/g, " ").trim(); // none: it is gone
    const kind = section === "vrfs" ? "VRF" : section === "addresses" ? "address" : section?.slice(0, -1);
    if (section || !person) keep(name ? [{ path: here, name, kind }, ...others].slice(0, KEPT) : others);
  };
  remember();
  if (!search) return;

  const hit = ({ path, name, kind }) => {
    const link = document.createElement("a");
    Object.assign(link, { className: "hit", href: path });
    const [what, which] = [document.createElement("span"), document.createElement("span")];
    which.textContent = name;
    Object.assign(what, { className: "soft small", textContent: kind });
    link.append(which, what);
    return link;
  };
  const showRecent = () => {
    const place = panel.querySelector("[data-recent]");
    const things = recall().filter((one) => one.path !== location.pathname);
    if (!place || !things.length) return;
    const title = document.createElement("div");
    Object.assign(title, { className: "hit-kind", textContent: "Recent" });
    place.replaceChildren(title, ...things.slice(0, SHOWN).map(hit));
  };
  const close = () => panel.replaceChildren();
  const show = () => {
    if (!panel.hasChildNodes()) htmx.trigger(search, "palette");
  };

  search.addEventListener("focus", show);
  panel.addEventListener("htmx:afterSwap", () => {
    showRecent();
    if (document.activeElement === document.body) search.focus(); // what had the focus is replaced
    else if (!search.form.contains(document.activeElement)) close(); // a late answer covers no form
  });
  search.form.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !search.form.contains(event.relatedTarget)) close();
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest(".search")) close();
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, textarea, select");
    const isPalette = event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey);
    if (isPalette || (event.key === "/" && !typing)) {
      event.preventDefault();
      if (typing === search) show();
      else search.focus(); // which shows it
      search.select();
    } else if (event.key === "?" && (!typing || (typing === search && !search.value))) {
      event.preventDefault();
      document.getElementById("keys").togglePopover?.();
    }
  });
  search.form.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      search.focus();
      close();
    }
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const places = [search, ...panel.querySelectorAll("a")];
    const step = event.key === "ArrowDown" ? 1 : places.length - 1;
    places[(places.indexOf(document.activeElement) + step) % places.length]?.focus();
    event.preventDefault();
  });
})();
