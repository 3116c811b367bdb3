const link = document.createElement('a');
link.setAttribute('title', new URLSearchParams(location.search).get('next'));
link.setAttribute('href', '/items/' + new URLSearchParams(location.search).get('item'));
document.body.append(link);
