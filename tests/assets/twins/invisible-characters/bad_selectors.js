const v = "x󠅰󠅡󠅹󠅬󠅯󠅡󠅤"; // FINDING
