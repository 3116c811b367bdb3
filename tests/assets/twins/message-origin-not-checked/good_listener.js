window.addEventListener('message', (event) => {
  if (event.origin !== 'https://app.example.com') return;
  document.title = event.data.title;
});
