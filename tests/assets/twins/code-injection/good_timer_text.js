export function start(go) {
  const action = new URLSearchParams(window.location.search).get('action');
  setTimeout(() => go(action), 100);
}
