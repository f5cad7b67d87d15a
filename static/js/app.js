// Small comforts on top of pages that work without them: copying, closing, announcements.
(() => {
  const announce = (text) => {
    const live = document.getElementById("live");
    if (live) live.textContent = text;
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
    const one = element?.closest?.("[data-partner], .map a");
    if (!one) return;
    // On a map partners have one link; elsewhere they are told.
    const partner = CSS.escape(
      one.dataset.partner || (one.closest("a") ?? one.querySelector("a")).getAttribute("href"),
    );
    const linked = `.map a[href="${partner}"], [data-partner=""]:has([href="${partner}"])`;
    for (const other of document.querySelectorAll(`[data-partner="${partner}"], ${linked}`)) {
      other.classList.toggle("is-partner", on);
    }
    join();
  };

  // The line across the gutter of a map follows the pair that is pointed at, and goes back to the first.
  const join = () => {
    const line = document.querySelector(".joint path");
    if (!line) return;
    line.dataset.first ??= line.getAttribute("d");
    const [left, right] = [...document.querySelectorAll(".map-side")].map((side) => {
      const box = side.querySelector(".map .is-partner rect");
      return box && Number(box.getAttribute("y")) + Number(box.getAttribute("height") ?? 1) / 2;
    });
    const isPair = left !== null && right !== null;
    line.setAttribute("d", isPair ? `M0 ${left}C5 ${left} 5 ${right} 10 ${right}` : line.dataset.first);
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy], [data-close]");
    if (!button) return;
    if (button.dataset.copy) {
      event.preventDefault();
      copy(button);
    }
    else button.closest(".toast").remove();
  });

  // What a notice tells of is marked where it stands on the page.
  const told = new Set([...document.querySelectorAll(".toast-lanes .address")].map((one) => one.textContent));
  for (const one of told.size ? document.querySelectorAll(":is(.table, .twins) .address") : []) {
    if (told.has(one.textContent)) one.closest(".twins tbody, .table tr").classList.add("is-new");
  }

  // Squares of a map zoom without a new page. There are hundreds, so each says where it leads and no more.
  document.addEventListener("click", (event) => {
    const zoom = event.target.closest('#maps a[href^="?"]');
    if (!zoom || !window.htmx || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    htmx.ajax("GET", zoom.getAttribute("href"), { source: zoom });
  });

  // The line of the last days above a map: a click shows it as that day began.
  document.addEventListener("click", (event) => {
    const line = event.target.closest(".moments svg");
    if (!line) return;
    const box = line.getBoundingClientRect();
    const day = new Date(line.dataset.first);
    day.setUTCDate(day.getUTCDate() + Math.round(((event.clientX - box.left) / box.width) * line.viewBox.baseVal.width));
    const date = document.querySelector("#maps [name=at]");
    date.value = day.toISOString().slice(0, 10);
    date.form.requestSubmit();
  });

  // Arrow keys move between the squares of a map; so Tab need not stop at every free one.
  const centre = (link) => {
    const { x, y, width, height } = link.querySelector("rect").getBBox();
    return [x + width / 2, y + height / 2];
  };
  const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  document.addEventListener("keydown", (event) => {
    const here = event.target.closest?.(".map a");
    const way = ARROWS[event.key];
    if (!here || !way) return;
    event.preventDefault();
    const [x, y] = centre(here);
    // How far it is along the way, and how far off it, which counts more.
    const distance = (link) => {
      const [dx, dy] = [centre(link)[0] - x, centre(link)[1] - y];
      const along = dx * way[0] + dy * way[1];
      return along > 0.1 ? along + 3 * Math.abs(dx * way[1] + dy * way[0]) : Infinity;
    };
    const links = [...here.closest(".map").querySelectorAll("a")].filter((link) => distance(link) < Infinity);
    links.sort((one, other) => distance(one) - distance(other))[0]?.focus();
  });
  const skipFree = () => {
    for (const map of document.querySelectorAll(".map")) {
      const free = map.querySelectorAll('a[href^="."]');
      for (const link of [...free].slice(1)) link.setAttribute("tabindex", "-1");
    }
  };
  skipFree();

  // Moments are written in UTC; here people read them in their own time, with UTC on hover.
  const showLocally = () => {
    for (const time of document.querySelectorAll("time[data-local]")) {
      const at = new Date(time.dateTime);
      const two = (number) => String(number).padStart(2, "0");
      const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
      time.textContent = `${day} ${two(at.getHours())}:${two(at.getMinutes())}`;
    }
  };
  showLocally();

  // Quiet menus close when something else is pressed, the drawer of a phone and the sentence of a term by Escape.
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details.more[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    document.activeElement.closest(".term")?.blur();
    for (const menu of document.querySelectorAll("details.more[open]")) {
      menu.open = false;
      if (menu.contains(event.target)) menu.querySelector("summary").focus();
    }
    if (location.hash === "#menu") location.hash = "content";
  });

  // The box in the head of a list ticks all rows of the page; without scripts it is not there. Once they are ticked a
  // further box ticks all that match; how many are ticked stands beside what can be done to them.
  const boxesOf = (all) => [...all.closest("form").querySelectorAll(":is(tbody, .findings) input[type=checkbox]")];
  const countTicks = () => {
    for (const all of document.querySelectorAll("[data-tick-all]")) {
      all.hidden = false;
      const form = all.closest("form");
      const boxes = boxesOf(all);
      const ticked = boxes.filter((box) => box.checked).length;
      all.checked = ticked === boxes.length;
      all.indeterminate = ticked > 0 && !all.checked;
      const line = form.querySelector("[data-all]");
      const matching = line?.querySelector("input");
      // On a phone tables have no heads, so the line stands there from the first.
      if (line) {
        line.hidden = all.offsetParent && !all.checked && !matching?.checked;
        line.firstElementChild.hidden = !all.checked;
      }
      const count = form.querySelector("[data-ticked]");
      const chosen = matching?.checked ? `all ${matching.value} that match` : ticked && `${ticked} ticked`;
      if (count) count.textContent = chosen || "what is ticked";
    }
  };
  countTicks();
  document.addEventListener(
    "change",
    (event) => {
      if (!event.target.matches?.("[data-tick-all]")) return;
      event.stopPropagation();
      for (const box of boxesOf(event.target)) box.checked = event.target.checked;
      countTicks();
    },
    true,
  );
  document.addEventListener("change", (event) => {
    if (event.target.matches?.("input[type=checkbox]")) countTicks();
  });

  document.addEventListener("mouseover", (event) => light(event.target, true));
  document.addEventListener("mouseout", (event) => light(event.target, false));
  document.addEventListener("focusin", (event) => light(event.target, true));
  document.addEventListener("focusout", (event) => light(event.target, false));

  // The server holds what a preview shows until it has answered: a form sent meanwhile would be given the next addresses.
  // So it waits for the preview that is on its way, and no further one starts.
  let sent = null;
  addEventListener("pageshow", () => {
    sent = null;
  });
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
    const said =
      event.detail.target.dataset.announce ?? event.detail.target.querySelector?.("[data-announce]")?.dataset.announce;
    announce(said ?? "Updated");
    countTicks();
    skipFree();
    showLocally();
    document.getElementById("problem").hidden = true;
  });
  // What is wrong of a field is told there as one types, also where fields are folded away.
  document.addEventListener("htmx:oobBeforeSwap", ({ detail: { target, fragment } }) => {
    const isWrong = Boolean(fragment.querySelector(".field-error"));
    const input = document.getElementById(target.id.replace(/_error$/, ""));
    if (input?.matches("input, select, textarea")) {
      input.setAttribute("aria-invalid", isWrong);
      input.setAttribute("aria-errormessage", target.id);
    }
    const folded = isWrong && target.closest("details");
    if (folded) folded.open = true;
  });
  for (const failure of ["htmx:responseError", "htmx:sendError"]) {
    document.addEventListener(failure, (event) => {
      const problem = document.getElementById("problem");
      if (!problem) return;
      problem.textContent =
        event.detail.xhr.status === 401
          ? "You have been signed out, and nothing was done. Reload the page to sign in again."
          : "The server did not answer as expected. Nothing may have happened; reload the page to see.";
      problem.hidden = false;
      announce(problem.textContent);
    });
  }
})();
