// Pages that show what happens (data-news) ask, while somebody looks at them, whether anything has since they were made.
(() => {
  const EVERY = 20_000; // milliseconds
  const ask = async () => {
    const place = document.querySelector("[data-news]");
    if (!place || document.visibilityState !== "visible") return;
    const answer = await fetch(place.dataset.news).catch(() => null); // offline: the next time, then
    // Where the session has ended, the answer is the page of the sign-in.
    if (answer?.status === 200 && !answer.redirected) place.innerHTML = await answer.text(); // ours, and escaped there
  };
  setInterval(ask, EVERY);
  document.addEventListener("visibilitychange", ask);
})();
