const list = document.getElementById('list');

async function load() {
  const answer = await fetch('/api/comments');
  const comments = await answer.json();
  comments.forEach((comment) => {
    const item = document.createElement('li');
    item.textContent = `${comment.author}: ${comment.text}`;
    list.appendChild(item);
  });
  list.innerHTML += '<li>end</li>';
}

load();
