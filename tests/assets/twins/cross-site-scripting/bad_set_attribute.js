const link = document.createElement('a');
link.setAttribute('href', new URLSearchParams(location.search).get('next')); // FINDING
document.body.append(link);
