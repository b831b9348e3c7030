"""Reading a user's files: formats, encodings, limits and everything that can be wrong."""

import gzip
import os
import time
from pathlib import Path

import pytest
from pypdf import PdfWriter

from cluster.errors import DocumentError
from cluster.retrieval.documents import (
    parse_document,
    read_bytes,
    read_document,
)
from cluster.retrieval.folder import find_documents

SAMPLES = Path(__file__).parents[3] / "shell" / "sample_docs"


def titles(name: str, text: str) -> list[tuple[int, str]]:
    document = parse_document(text.encode(), source=name)
    return [(heading.level, heading.title) for heading in document.headings]


def sources(folder: Path) -> list[str]:
    return [file.source for file in find_documents(folder).files]


def test_html_keeps_text_and_headings_and_leaves_out_script_and_style() -> None:
    page = (
        "<title>T</title><style>b{}</style><h1>One &amp; two</h1><p>First\n  line.</p>"
        "<script>var x = '<p>no</p>';</script><ul><li>a</li><li>b</li></ul>"
        "<table><tr><td>x</td><td>y</td></tr></table><pre>  keep\n   this</pre>"
    )
    document = parse_document(page.encode(), source="a.html")
    assert document.text == ("One & two\n\nFirst line.\n\n- a\n- b\n\nx | y\n\n  keep\n   this")
    assert [(h.start, h.level, h.title) for h in document.headings] == [(0, 1, "One & two")]


def test_a_page_without_a_first_heading_takes_its_title() -> None:
    assert titles("a.htm", "<title>Book</title><h2>Part</h2><p>x") == [(0, "Book"), (2, "Part")]
    assert titles("a.htm", "<title>Book</title><h1>Part</h1><p>x") == [(1, "Part")]


def test_heading_offsets_point_at_the_title() -> None:
    document = read_document(SAMPLES / "history.html")
    assert [document.text[h.start :].startswith(h.title) for h in document.headings] == [True] * 7


@pytest.mark.parametrize("opening", ["<a", "<!--", "<!a ", "</"])
def test_a_page_of_unfinished_tags_ends_quickly_and_keeps_what_follows(opening: str) -> None:
    closing = "-->" if opening == "<!--" else ">"
    page = "<p>before</p>" + opening * 100_000 + closing + "<p>after</p>"
    text = parse_document(page.encode(), source="a.html").text
    assert "before" in text
    assert "after" in text


def test_a_long_text_without_tags_is_kept_whole_across_reading_steps() -> None:
    words = " ".join(f"w{n}&amp;x" for n in range(40_000))
    text = parse_document(f"<p>{words}</p>".encode(), source="a.html").text
    assert text == words.replace("&amp;", "&")


def test_markdown_headings_are_found_outside_code_and_front_matter() -> None:
    text = (
        "---\ntitle: x\n---\n\nTop\n===\n\n## C# ##\n\n```\n# no\n```\n\nSub\n---\n\n~~~\n# open\n"
    )
    assert titles("a.md", text) == [(1, "Top"), (2, "C#"), (2, "Sub")]


def test_underlined_titles_have_the_level_of_their_underline() -> None:
    text = "====\nBook\n====\n\nPart\n====\n\nOne\n---\n\nToo long a title\n---\n\nTwo\n---\n"
    assert titles("a.rst", text) == [(1, "Book"), (2, "Part"), (3, "One"), (3, "Two")]


@pytest.mark.parametrize(
    ("data", "text", "notes"),
    [
        (b"\xef\xbb\xbfplain", "plain", 0),
        ("Grüße\r\nzwei\rdrei".encode(), "Grüße\nzwei\ndrei", 0),
        ("Grüße".encode("cp1252"), "Grüße", 1),
        (b"\x81 caf\xe9 " + b"x" * 30, "\x81 café " + "x" * 30, 1),
        ("zwei".encode("utf-16"), "zwei", 0),
    ],
)
def test_encodings_are_recognised(data: bytes, text: str, notes: int) -> None:
    document = parse_document(data, source="a.txt")
    assert document.text == text
    assert len(document.notes) == notes


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.txt", b"abc\0def", "binary"),
        ("a.txt", bytes(range(1, 32)) * 9, "binary"),
        ("a.txt", b" \n ", "empty"),
        ("a.html", b"<p></p>", "empty"),
        ("a.pdf", b"%PDF-1.4 nothing", "PDF"),
        ("a.txt.gz", b"no gzip", "gzip"),
        ("a.txt.gz", gzip.compress(b"abc" * 99)[:-9], "gzip"),
        ("a.txt.gz", gzip.compress(b"a" * 5000), "when unpacked"),
    ],
)
def test_what_cannot_be_read_says_why(name: str, data: bytes, reason: str) -> None:
    with pytest.raises(DocumentError, match=reason):
        parse_document(data, source=name, max_bytes=4096)


def test_a_gzipped_document_is_read_as_what_it_holds() -> None:
    document = parse_document(gzip.compress(b"# Title\n\ntext"), source="doc/a.md.gz")
    assert document.headings[0].title == "Title"


def test_an_empty_pdf_is_named_as_one_without_text(tmp_path: Path) -> None:
    writer = PdfWriter()
    writer.add_blank_page(width=100, height=100)
    with (tmp_path / "a.pdf").open("wb") as file:
        writer.write(file)
    with pytest.raises(DocumentError, match="scan"):
        read_document(tmp_path / "a.pdf")


def test_a_locked_pdf_is_named_as_one(tmp_path: Path) -> None:
    writer = PdfWriter()
    writer.add_blank_page(width=100, height=100)
    writer.encrypt("secret", algorithm="RC4-40")
    with (tmp_path / "a.pdf").open("wb") as file:
        writer.write(file)
    with pytest.raises(DocumentError, match="password"):
        read_document(tmp_path / "a.pdf")


def test_each_pdf_page_starts_at_its_offset(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(pdf_with_pages("First page", "Second page"))
    document = read_document(tmp_path / "a.pdf")
    assert [document.text[start:].split("\n")[0] for start in document.pages] == [
        "First page",
        "Second page",
    ]


def test_a_pdf_without_the_extra_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cluster.retrieval.formats.pdf_can_be_read", lambda: False)
    with pytest.raises(DocumentError, match='extra "pdf"'):
        parse_document(b"%PDF", source="a.pdf")


def test_a_file_over_the_limit_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x" * 2000)
    with pytest.raises(DocumentError, match="over the limit"):
        read_bytes(tmp_path / "a.txt", max_bytes=1000)


def test_a_folder_is_walked_in_order_and_without_hidden_names(tmp_path: Path) -> None:
    for name in ("b.txt", "a/z.md", "a/.x.md", ".git/a.txt", "node_modules/a.md", "c.png", "FAQ"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("text")
    assert sources(tmp_path) == ["FAQ", "a/z.md", "b.txt"]


def test_no_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "secret.txt").write_text("s")
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "a.txt").write_text("a")
    (docs / "link.txt").symlink_to(tmp_path / "out" / "secret.txt")
    (docs / "folder").symlink_to(tmp_path / "out")
    (docs / "loop").symlink_to(docs)
    found = find_documents(docs)
    assert [file.source for file in found.files] == ["a.txt"]
    assert found.skipped == (("link.txt", "a link, not followed"),)


def test_a_pipe_and_a_large_file_are_passed_over_with_a_reason(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    (tmp_path / "large.txt").write_text("x" * 3000)
    (tmp_path / "a.txt").write_text("a")
    found = find_documents(tmp_path, max_file_bytes=2048)
    assert [source for source, _ in found.skipped] == ["large.txt", "pipe.txt"]
    with pytest.raises(DocumentError, match="not a regular file"):
        read_bytes(tmp_path / "pipe.txt")


def test_a_name_that_is_no_text_becomes_one(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9.txt")).write_text("a")
    (file,) = find_documents(tmp_path).files
    assert file.source == "caf\\xe9.txt"
    assert read_bytes(file.path) == b"a"


def test_one_file_is_a_folder_of_one(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a")
    assert sources(tmp_path / "a.txt") == ["a.txt"]


def test_nothing_to_read_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="does not exist"):
        find_documents(tmp_path / "none")
    with pytest.raises(DocumentError, match="no documents here"):
        find_documents(tmp_path)
    os.mkfifo(tmp_path / "pipe.txt")
    with pytest.raises(DocumentError, match="neither a folder nor a file"):
        find_documents(tmp_path / "pipe.txt")
    with pytest.raises(DocumentError, match=r"none of 1 candidate.*pipe\.txt"):
        find_documents(tmp_path)


def test_the_sample_documents_are_read_without_a_note() -> None:
    found = find_documents(SAMPLES)
    assert len(found.files) == 8
    for file in found.files:
        document = read_document(file.path)
        assert document.notes == ()
        assert 300 <= len(document.text.split()) <= 700


def pdf_with_pages(*lines: str) -> bytes:
    """A small PDF with one line of text on each page."""
    kids = " ".join(f"{4 + 2 * n} 0 R" for n in range(len(lines)))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(lines)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for number, line in enumerate(lines):
        content = f"BT /F1 12 Tf 10 50 Td ({line}) Tj ET"
        objects.append(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 100] /Contents"
            f" {5 + 2 * number} 0 R /Resources << /Font << /F1 3 0 R >> >> >>"
        )
        objects.append(f"<< /Length {len(content)} >>\nstream\n{content}\nendstream")
    out, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n".encode()
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    return (
        out
        + (
            f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
            f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{len(out)}\n%%EOF\n"
        ).encode()
    )


def test_a_line_of_signs_and_spaces_is_read_at_once() -> None:
    began = time.perf_counter()
    assert titles("a.md", "#" + " " * 100_000 + "\n# Title  #\n") == [(1, "Title")]
    assert time.perf_counter() - began < 20


def test_a_title_may_begin_with_a_space_that_does_not_break() -> None:
    assert titles("a.md", "# \xa0Title\n\n## \xa0\n") == [(1, "\xa0Title")]


def test_folders_within_folders_are_walked_however_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = 1_100
    monkeypatch.chdir(tmp_path)
    for _ in range(deep):
        Path("d").mkdir()
        os.chdir("d")
    Path("a.md").write_text("deep")
    try:
        assert len(find_documents(tmp_path).files) == 1
    finally:  # deeper than shutil.rmtree goes
        Path("a.md").unlink()
        for _ in range(deep):
            os.chdir("..")
            Path("d").rmdir()


def test_of_two_names_that_are_written_alike_one_is_read_and_the_other_told(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"a\xff.md")).write_text("one")
    (tmp_path / "a\\xff.md").write_text("two")
    found = find_documents(tmp_path)
    assert [file.source for file in found.files] == ["a\\xff.md"]
    assert [source for source, _ in found.skipped] == ["a\\xff.md"]


@pytest.mark.parametrize("section", ["<![foo[bar]]>", "<![if !mso]>", "<![weird"])
def test_a_marked_section_that_no_html_knows_is_left_out(section: str) -> None:
    text = parse_document(f"<p>before</p>{section}<p>after</p>".encode(), source="a.html").text
    assert "before" in text
    assert "foo" not in text


def test_a_text_cut_inside_its_last_letter_stays_utf_8() -> None:
    document = parse_document("Zürich café €".encode()[:-1], source="a.txt")
    assert document.text == "Zürich café "
    assert document.notes == ("cut inside the last letter",)


def test_a_western_text_that_ends_with_an_accent_is_not_taken_for_cut_utf_8() -> None:
    document = parse_document("The old café".encode("latin-1"), source="a.txt")
    assert document.text == "The old café"
    assert document.notes == ("not UTF-8, read as Windows-1252",)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_a_mark_of_byte_order_tells_the_encoding(encoding: str) -> None:
    assert parse_document("Zürich".encode(encoding), source="a.txt").text == "Zürich"
