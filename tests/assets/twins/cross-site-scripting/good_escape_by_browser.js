function escapeHtml(text) {
  const box = document.createElement('div');
  box.textContent = text;
  return box.innerHTML;
}

async function show() {
  const answer = await fetch('/api/notes');
  const notes = await answer.json();
  document.querySelector('#notes').innerHTML = notes.map((note) => `<li>${escapeHtml(note.text)}</li>`).join('');
}

show();
