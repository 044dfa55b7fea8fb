"""What the PDF of the book is refused for, in a real browser."""

from book.pdf import FOOTER, blank


def test_a_blank_page_is_seen(chromium, tmp_path):
    tab = chromium.new_page()
    tab.set_content("<p>One.</p><div style='break-before: page'></div><p style='break-before: page'>Three.</p>")
    how = {"tagged": True, "display_header_footer": True, "header_template": "<span></span>"}
    assert blank(tab.pdf(footer_template=FOOTER, **how)) == [2]
    assert blank(tab.pdf(footer_template=FOOTER, page_ranges="1,3", **how)) == []
    tab.close()
