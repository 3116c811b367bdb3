$(location.hash).show(); // FINDING
