const name = new URLSearchParams(location.search).get('name');
document.write('<p>Welcome ' + name + '</p>'); // FINDING
