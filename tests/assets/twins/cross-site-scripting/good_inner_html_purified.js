import DOMPurify from 'dompurify';

const box = document.querySelector('#preview');

window.addEventListener('hashchange', () => {
  box.innerHTML = DOMPurify.sanitize(decodeURIComponent(window.location.hash.slice(1)));
});
