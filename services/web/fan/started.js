// Says so where the page did not start: a browser too old for it, or a file that did not come. It is
// written in the oldest words, for it runs where the others do not.

/** After everything was loaded, the page is there within. */
var START_MAX_MS = 3000;

addEventListener("load", function () {
  setTimeout(function () {
    var main = document.getElementById("main");
    // The first thing that the page shows takes the place of this.
    if (!main.querySelector("noscript")) return;
    var notice = document.createElement("p");
    notice.className = "notice";
    notice.appendChild(document.createTextNode("Live scores did not start here. Load the page again, or use a newer browser. The same scores, as plain data, are at "));
    var link = document.createElement("a");
    link.href = "/v1/matches";
    link.appendChild(document.createTextNode("/v1/matches"));
    notice.appendChild(link);
    main.appendChild(notice);
  }, START_MAX_MS);
});
