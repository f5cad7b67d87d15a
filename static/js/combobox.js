// Pickers: a field with data-choices (projects, networks, machines, …) offers what was typed for, by name. A field of
// lines (data-many) keeps what was chosen beside a picker. Without scripts they are plain fields that take names or ids.
(() => {
  const close = (input) => {
    input.combo?.remove();
    input.combo = null;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };

  const choose = (input, option) => {
    input.value = option.dataset.value;
    close(input);
    input.chosen = input.value;
    if (input.keep) input.keep();
    else for (const kind of ["input", "change"]) input.dispatchEvent(new Event(kind, { bubbles: true }));
  };

  // A field of lines becomes a list of what it holds, each with a button that takes it out, and a picker for one more.
  const gather = (lines) => {
    const held = () => lines.value.split("\n").filter((line) => line.trim());
    const list = document.createElement("ul");
    list.className = "chips";
    const input = document.createElement("input");
    Object.assign(input, { type: "text", id: lines.id, autocomplete: "off", placeholder: "type a name" });
    input.dataset.choices = lines.dataset.choices;
    if (lines.hasAttribute("aria-describedby"))
      input.setAttribute("aria-describedby", lines.getAttribute("aria-describedby"));
    const hold = (names) => {
      lines.value = names.join("\n");
      list.replaceChildren(
        ...names.map((name) => {
          const [item, out] = [document.createElement("li"), document.createElement("button")];
          item.className = "chip";
          Object.assign(out, { type: "button", className: "chip-out", textContent: "×", ariaLabel: `Take out ${name}` });
          out.addEventListener("click", () => {
            hold(held().filter((one) => one !== name));
            input.focus();
          });
          item.append(name, out);
          return item;
        }),
      );
    };
    input.keep = () => {
      if (input.value.trim()) hold([...new Set([...held(), input.value.trim()])]);
      input.value = "";
    };
    input.addEventListener("change", input.keep);
    input.addEventListener("keydown", (event) => {
      if (event.key === "Backspace" && !input.value) hold(held().slice(0, -1));
    });
    lines.hidden = true;
    lines.removeAttribute("id");
    lines.before(list, input);
    hold(held());
  };
  const gatherAll = () => {
    for (const lines of document.querySelectorAll("textarea[data-many]:not([hidden])")) gather(lines);
  };
  gatherAll();
  document.addEventListener("htmx:afterSwap", gatherAll);

  const open = async (input) => {
    const asked = input.value;
    const about = new URLSearchParams({ q: asked });
    if (input.dataset.network) about.set("network", input.dataset.network);
    const answer = await fetch(`${document.body.dataset.root}choices/${input.dataset.choices}/?${about}`);
    const html = await answer.text(); // in any case: what nobody reads keeps its connection
    // Where the session has ended, the answer is the page of the sign-in.
    if (!answer.ok || answer.redirected || input.value !== asked || document.activeElement !== input) return;
    close(input);
    const list = document.createElement("ul");
    list.className = "combo-list";
    list.id = `${input.id || input.name}-choices`;
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", "Choices");
    list.innerHTML = html; // ours, and escaped there
    input.parentElement.classList.add("combo");
    input.after(list);
    list.style.insetBlockStart = `${input.offsetTop + input.offsetHeight + 4}px`; // above the help of the field
    input.combo = list;
    input.setAttribute("aria-controls", list.id);
    input.setAttribute("aria-expanded", "true");
  };

  const move = (input, step) => {
    const options = [...input.combo.querySelectorAll("[data-value]")];
    const at = options.findIndex((one) => one.ariaSelected === "true");
    const next = options[(at + step + options.length + (at < 0 && step < 0 ? 1 : 0)) % options.length];
    for (const one of options) one.ariaSelected = String(one === next);
    next?.scrollIntoView({ block: "nearest" });
    if (next) input.setAttribute("aria-activedescendant", next.id);
  };

  const isPicker = (element) => element?.matches?.("input[data-choices]");
  let waiting = 0;

  document.addEventListener("input", (event) => {
    const input = event.target;
    if (!isPicker(input) || input.chosen === input.value) return;
    input.chosen = null;
    clearTimeout(waiting);
    waiting = setTimeout(() => open(input), 120);
  });
  document.addEventListener("focusin", (event) => {
    if (!isPicker(event.target)) return;
    const fixed = { role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", autocomplete: "off" };
    for (const [name, value] of Object.entries(fixed)) event.target.setAttribute(name, value);
  });
  document.addEventListener("focusout", (event) => {
    if (isPicker(event.target)) setTimeout(() => close(event.target), 150);
  });
  document.addEventListener("mousedown", (event) => {
    const option = event.target.closest(".combo-list [data-value]");
    if (!option) return;
    event.preventDefault(); // the field keeps the focus
    choose(option.closest(".combo-list").previousElementSibling, option);
  });
  document.addEventListener("keydown", (event) => {
    const input = event.target;
    if (!isPicker(input)) return;
    if (event.key === "ArrowDown" && !input.combo) open(input);
    if (!input.combo) return;
    const option = input.combo.querySelector('[aria-selected="true"]');
    if (event.key === "ArrowDown" || event.key === "ArrowUp") move(input, event.key === "ArrowDown" ? 1 : -1);
    else if (event.key === "Enter" && option) choose(input, option);
    else if (event.key === "Escape") close(input);
    else return;
    event.preventDefault();
  });
})();
