// Hover cards: the name of a thing says what it is while a mouse points at it or the keyboard has brought the focus there.
// The card stays while it is pointed at itself, Escape closes it, and a finger never opens it (WCAG 1.4.13).
(() => {
  const { root } = document.body.dataset;
  const [DELAY, GRACE, GAP] = [350, 200, 6]; // milliseconds, milliseconds, pixels
  const THING =
    /^(prefixes\/at\/.+|(networks|addresses|machines|clusters|projects)\/(?!new\/|allocate\/|import\/|act\/)(at\/)?[^/]+)\/$/;
  const known = new Map();
  let [card, owner, waiting] = [null, null, 0];

  // The place of the card of what a link leads to; none for other links, buttons and squares of maps, which say it themselves.
  const placeOf = (link) => {
    if (!link || link.matches(".button, .map a, .toast a, .more-list a, .actions a")) return null;
    const { pathname, search, origin } = new URL(link.href);
    const page = pathname.slice(root.length);
    return origin === location.origin && pathname !== location.pathname && THING.test(page)
      ? `${root}cards/${page}${search}`
      : null;
  };
  const linkOf = (element) => element.closest?.("main a[href]");

  const close = () => {
    clearTimeout(waiting);
    card?.remove();
    if (owner) {
      owner.removeAttribute("aria-describedby");
      if (owner.told) owner.title = owner.told;
    }
    [card, owner] = [null, null];
  };
  const ask = async (place) => {
    const answer = await fetch(place).catch(() => null);
    const html = (await answer?.text()) ?? "";
    // Where the session has ended, the answer is the page of the sign-in.
    return answer?.ok && !answer.redirected ? html : "";
  };
  const open = async (link, place) => {
    if (!known.has(place)) known.set(place, ask(place));
    const html = await known.get(place);
    if (!html || owner !== link || !link.isConnected) return;
    card = document.createElement("div");
    Object.assign(card, { id: "card", className: "hover-card", role: "tooltip", innerHTML: html }); // ours, and escaped there
    document.querySelector("main").append(card);
    link.told = link.title; // the browser would show that over it
    link.removeAttribute("title");
    link.setAttribute("aria-describedby", "card");
    const [at, own] = [link.getBoundingClientRect(), card.getBoundingClientRect()];
    const below = at.bottom + GAP + own.height <= innerHeight;
    card.style.left = `${Math.max(GAP, Math.min(at.left, innerWidth - own.width - GAP))}px`;
    card.style.top = `${below ? at.bottom + GAP : Math.max(GAP, at.top - GAP - own.height)}px`;
  };
  const plan = (link) => {
    if (link === owner) return clearTimeout(waiting);
    const place = placeOf(link);
    if (!place) return;
    close();
    owner = link;
    waiting = setTimeout(() => open(link, place), DELAY);
  };
  const leave = () => {
    if (!owner) return;
    clearTimeout(waiting);
    waiting = setTimeout(close, card ? GRACE : 0);
  };

  document.addEventListener("pointerover", (event) => {
    if (event.pointerType !== "mouse") return;
    if (card?.contains(event.target)) clearTimeout(waiting);
    else plan(linkOf(event.target));
  });
  document.addEventListener("pointerout", (event) => {
    const from = card?.contains(event.target) ? card : owner;
    if (from?.contains(event.target) && !from.contains(event.relatedTarget)) leave();
  });
  document.addEventListener("focusin", (event) => {
    if (event.target.matches?.(":focus-visible")) plan(linkOf(event.target));
  });
  document.addEventListener("focusout", leave);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
  });
  for (const gone of ["click", "htmx:afterSwap"]) document.addEventListener(gone, close);
  document.addEventListener("scroll", () => card && close(), { capture: true, passive: true });
})();
