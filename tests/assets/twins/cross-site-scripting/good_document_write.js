const count = Number(new URLSearchParams(location.search).get('count'));
document.write('<p>You have ' + count + ' messages</p>');
