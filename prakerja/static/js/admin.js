// Select2 names a field after its chosen value only; here its label comes first. Also in the search box it opens.
"use strict";

django.jQuery(($) => {
  for (const select of document.querySelectorAll("select.admin-autocomplete")) {
    const label = select.labels[0];
    label.id = `${select.id}-label`;
    const box = select.nextElementSibling.querySelector("[role=combobox]");
    const value = box.querySelector("[role=textbox]");
    box.setAttribute("aria-labelledby", `${label.id} ${value.id}`);
    value.setAttribute("aria-labelledby", label.id);
    $(select).on("select2:open", () => {
      document.querySelector(".select2-search__field").setAttribute("aria-labelledby", label.id);
    });
  }
});
