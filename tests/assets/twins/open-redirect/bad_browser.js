const target = new URL(window.location.href).searchParams.get('returnTo');
window.location.href = target; // FINDING
