(function (root) {
  var data = JSON.parse(root.querySelector('script[type="application/json"]').textContent);
  var inputs = Array.from(root.querySelectorAll("input"));
  var marks = root.querySelectorAll("[data-mark]");
  function show() {
    var index = 0;
    inputs.forEach(function (input, i) {
      var name = data.names[i][input.value];
      index = index * data.names[i].length + Number(input.value);
      input.setAttribute("aria-valuetext", name);
      input.parentNode.querySelector("output").textContent = name;
    });
    var frame = data.frames[index];
    marks.forEach(function (mark, i) {
      if (mark.tagName === "g") mark.innerHTML = data.parts[frame[i]];
      else mark.setAttribute("d", data.parts[frame[i]]);
    });
    root.querySelector("figcaption").textContent = data.parts[frame[marks.length]];
  }
  inputs.forEach(function (input) { input.addEventListener("input", show); });
})(document.currentScript.closest("figure"));
