"use strict";
/* The page of `pgfa inspect`: one player, and a list to choose from if there are several clips. */
{
  const data = JSON.parse(document.getElementById("page-data").textContent);
  const root = document.getElementById("player");
  if (root) {
    const player = new SkeletonPlayer(root, data.layouts, { pageKeys: true, wheel: true });
    const buttons = [...document.querySelectorAll("[data-clip]")];
    const facts = [...document.querySelectorAll(".facts")];
    const choose = (index, play) => {
      player.show(data.clips[index], play);
      buttons.forEach((button, i) => button.setAttribute("aria-pressed", String(i === index)));
      facts.forEach((list, i) => { list.hidden = i !== index; });
    };
    buttons.forEach((button, index) => button.addEventListener("click", () => choose(index, true)));
    choose(0, true);
  }
}
