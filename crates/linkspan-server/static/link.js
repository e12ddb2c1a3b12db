// Tells the page that opened the link page how it ended. Without it the pages work all the same.
(() => {
  const outcome = document.getElementById("outcome");
  if (!outcome) return;
  const message = { source: "linkspan", type: outcome.dataset.type };
  if (outcome.dataset.publicToken) message.public_token = outcome.dataset.publicToken;
  const listener = window.opener || (window.parent !== window ? window.parent : null);
  if (listener) listener.postMessage(message, "*");
})();
