window.addEventListener('message', (event) => { // FINDING
  document.title = event.data.title;
});
