$.get('/api/name', function () {
  $('#title').html(location.hash.substring(1)); // FINDING
});
