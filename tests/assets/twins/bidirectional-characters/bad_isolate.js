/* ⁦ } ⁦if (isAdmin) { begin ⁩*/ // FINDING
run();
