const box = document.querySelector('#preview');

window.addEventListener('hashchange', () => {
  box.innerHTML = decodeURIComponent(window.location.hash.slice(1)); // FINDING
});
