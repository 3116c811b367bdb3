$(document.getElementById(location.hash.slice(1))).show();
