const list = document.getElementById('list');

async function load() {
  const answer = await fetch('/api/comments');
  const comments = await answer.json();
  comments.forEach((comment) => {
    const item = document.createElement('li');
    item.innerHTML = `<b>${comment.author}</b>: ${comment.text}`; // FINDING
    list.appendChild(item);
  });
}

load();
