$.get('/api/name', function () {
  $('#title').text(location.hash.substring(1));
});
