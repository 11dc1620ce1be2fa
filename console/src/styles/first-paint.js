(function () {
  try {
    var own = JSON.parse(localStorage.getItem("usertrail.preferences") || "{}");
    if (own.theme === "light" || own.theme === "dark") document.documentElement.dataset.theme = own.theme;
    if (own.density) document.documentElement.dataset.density = own.density;
  } catch {
    // Without storage, the system's theme holds.
  }
})();
