(function (root) {
  var data = JSON.parse(root.querySelector('script[type="application/json"]').textContent);
  var inputs = Array.from(root.querySelectorAll("input"));
  var marks = root.querySelectorAll("[data-mark]");
  var start = inputs.map(function (input) { return input.value; });
  var place = root.closest("div.cell[id]");  // on the site, where a setting has an address
  var CORNERS = '<svg viewBox="0 0 16 16" aria-hidden="true"><path d="M2 6V2h4M10 2h4v4M14 10v4h-4M6 14H2v-4"/></svg>';
  var chinese = /^zh/.test(document.documentElement.lang);

  // The row of data.frames for the sliders' setting, with slider `other` at `value`.
  function frame(other, value) {
    return data.frames[inputs.reduce(function (index, input, i) {
      return index * data.names[i].length + Number(i === other ? value : input.value);
    }, 0)];
  }
  function show() {
    var shown = frame();
    inputs.forEach(function (input, i) {
      var name = data.names[i][input.value];
      input.setAttribute("aria-valuetext", name);
      input.parentNode.querySelector("output").textContent = name;
      input.disabled = data.names[i].every(function (_, value) { return String(frame(i, value)) === String(shown); });
    });
    marks.forEach(function (mark) {
      var part = data.parts[shown[mark.dataset.mark]];
      if (mark.tagName === "g") mark.innerHTML = part;
      else mark.setAttribute("d", part);
    });
    root.querySelector("figcaption").textContent = data.parts[shown[shown.length - 1]];
  }
  function name(input) { return input.parentNode.querySelector(".of").textContent; }
  function move() {
    show();
    if (!place) return;
    var query = new URLSearchParams(location.search);
    inputs.forEach(function (input, i) {
      if (input.value === start[i]) query.delete(name(input));
      else query.set(name(input), data.names[i][input.value].replace("\u2212", "-"));
    });
    query = String(query);
    history.replaceState(history.state, "", location.pathname + (query && "?" + query) + (query && "#" + place.id));
  }
  function button(sign, title, act) {
    var made = document.createElement("button");
    made.type = "button";
    made.innerHTML = sign;
    made.title = title;
    made.setAttribute("aria-label", title);
    made.addEventListener("click", act);
    return made;
  }

  var asked = new URLSearchParams(place ? location.search : "");
  inputs.forEach(function (input, i) {
    var at = data.names[i].indexOf((asked.get(name(input)) || "").replace("-", "\u2212"));
    if (at < 0) at = data.names[i].indexOf(asked.get(name(input)));
    if (at >= 0) input.value = at;
    input.addEventListener("input", move);
  });
  var buttons = document.createElement("div");
  buttons.className = "buttons";
  buttons.append(button("\u21ba", chinese ? "重新开始" : "Start again", function () {
    inputs.forEach(function (input, i) { input.value = start[i]; });
    move();
  }));
  if (root.requestFullscreen) buttons.append(button(CORNERS, chinese ? "放大" : "Large, for a projector", function () {
    if (document.fullscreenElement) document.exitFullscreen();
    else root.requestFullscreen();
  }));
  root.querySelector(".controls").append(buttons);
  show();
  var still = root.previousElementSibling;
  if (still && still.className === "d2l-still") still.remove();
  root.hidden = false;
})(document.currentScript.closest("figure"));
