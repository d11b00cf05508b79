#!/usr/bin/env python3
"""The style tests are tested themselves: each rule sees what it should and lets pass what it should."""

import unittest

import docs
import layers
import tidy
import words
from functions import functions_in
from source import without_comments_and_strings


def names(text):
    return [function.name for function in functions_in(text)]


def mends(findings):
    return " ".join(finding.mend for finding in findings)


class Functions(unittest.TestCase):
    def test_free_function_counts_signature_to_brace(self):
        found = functions_in("int a;\n\nint twice(int x,\n          int y) {\n  return x;\n}\n")
        self.assertEqual([(f.name, f.first_line, f.last_line, f.lines) for f in found], [("twice", 3, 6, 4)])

    def test_members_and_access_labels(self):
        text = "class A final : public B<int> {\n public:\n  void f() const noexcept override {\n  }\n private:\n  int g() { return 1; }\n};\n"
        self.assertEqual(names(text), ["f", "g"])
        self.assertEqual(functions_in(text)[0].first_line, 3)

    def test_constructor_with_braced_members(self):
        self.assertEqual(names("A::A(int n) : a_{n}, b_(n), c_{} {\n  go();\n}\nvoid next() {}\n"), ["A::A", "next"])

    def test_default_member_initialisers_are_no_functions(self):
        self.assertEqual(names("struct A {\n  int n{0};\n  std::array<char, 4> b{};\n  F<void()> f{};\n  int g(int x = 3) { return x; }\n};\n"), ["g"])

    def test_nested_blocks_and_lambdas_belong_to_their_function(self):
        text = "void f() {\n  auto g = [](int x) { if (x) { return 1; } return 2; };\n  for (;;) { g(1); }\n}\n"
        self.assertEqual([(f.name, f.lines) for f in functions_in(text)], [("f", 4)])

    def test_namespaces_tables_and_enums_are_no_functions(self):
        text = "namespace a::b {\nconstexpr Row kRows[] = {\n  {1, f(2)},\n};\nenum class E : int { x, y };\nextern \"C\" {\nint h(void) { return 0; }\n}\n}\n"
        self.assertEqual(names(text), ["h"])

    def test_operators_templates_requires_and_tests(self):
        text = "template <class T>\n  requires std::is_same_v<T, int>\nbool operator==(const T& a, const T& b) { return &a == &b; }\nTEST(Suite, Name) {\n}\nauto f() -> std::vector<int> { return {}; }\n"
        self.assertEqual(len(names(text)), 3)

    def test_braces_in_comments_strings_and_macros_are_ignored(self):
        text = "#define OPEN {\n// {\nvoid f() {\n  g(\"{{\", '{', R\"(})\");  /* { */\n  int n = 10'000;\n}\nvoid h() {}\n"
        self.assertEqual([(f.name, f.lines) for f in functions_in(text)], [("f", 4), ("h", 1)])

    def test_blanking_keeps_offsets(self):
        text = "a /* x\ny */ \"b\\\"c\" 'd' // e\nf"
        self.assertEqual(len(without_comments_and_strings(text)), len(text))
        self.assertEqual(without_comments_and_strings(text).split(), ["a", "f"])


class Tidy(unittest.TestCase):
    HEAD = "// What it is.\n"

    def findings(self, path, text):
        return mends(tidy.check_cpp(path, self.HEAD + text))

    def test_long_functions_are_found_and_proxy_is_stricter(self):
        body = "void f() {\n" + "  g();\n" * 45 + "}\n"
        self.assertIn("40 are allowed", self.findings("src/proxy/a.cc", body))
        self.assertEqual("", self.findings("src/http/a.cc", body))
        self.assertIn("70 are allowed", self.findings("src/http/a.cc", "void f() {\n" + "  g();\n" * 69 + "}\n"))
        self.assertEqual("", self.findings("src/http/a.cc", "void f() {\n" + "  g();\n" * 68 + "}\n"))

    def test_head_comment(self):
        self.assertIn("open with a comment", mends(tidy.check_cpp("src/a/b.cc", "#include <x>\n")))

    def test_bans_apply_where_they_should(self):
        self.assertIn("interface", self.findings("src/net/a.h", "std::function<void()> f;\n"))
        self.assertEqual("", self.findings("src/server/a.h", "std::function<void()> f;\n"))
        self.assertIn("make_unique", self.findings("src/http/a.cc", "auto* p = new Thing;\n"))
        self.assertEqual("", self.findings("src/http/a.cc", "new Thing(*this);  // owned by the list\n"))
        self.assertIn("who owns", self.findings("src/http/a.cc", "new Thing(*this);  // a thing\n"))
        self.assertEqual("", self.findings("src/net/a.cc", "auto* p = new Thing;\ndelete p;\n"))
        self.assertEqual("", self.findings("src/http/a.h", "A(const A&) = delete;\nA& operator=(const A&) =delete;\n"))
        self.assertIn("unique_ptr", self.findings("src/http/a.cc", "delete p;\n"))
        self.assertEqual("", self.findings("src/http/a.cc", "::new (place) Thing;  // new Thing\n"))
        self.assertIn("sleep", self.findings("tests/unit/net/a.cc", "std::this_thread::sleep_for(1s);\n"))
        self.assertIn("name what you use", self.findings("src/http/a.cc", "using namespace std;\n"))
        self.assertEqual("", self.findings("src/http/a.cc", "using namespace std::chrono_literals;\n"))
        self.assertIn("values", self.findings("src/proxy/a.cc", "throw 1;\n"))
        self.assertEqual("", self.findings("src/config/a.cc", "throw 1;\n"))
        self.assertIn("from_chars", self.findings("src/http/a.cc", "int n = std::atoi(p);\n"))

    def test_vague_type_names(self):
        for name in ("PoolManager", "HttpInfo", "ImplOfThing", "DataBag", "EventHandler"):
            self.assertIn("says nothing", self.findings("src/http/a.h", f"class {name} {{}};\n"), name)
        for name in ("Metadata", "Database", "Implied", "Information"):
            self.assertEqual("", self.findings("src/http/a.h", f"struct {name} {{}};\n"), name)

    def test_unfinished_work(self):
        self.assertIn("finish it", mends(tidy.unfinished("src/a.cc", "// TODO later\n")))
        self.assertEqual([], tidy.unfinished("src/a.cc", "// TODOS, kXXXL\n"))


class Layers(unittest.TestCase):
    def check(self, path, include):
        return mends(layers.check(path, f"#include {include}\n", exists=lambda name: True))

    def test_down_is_allowed_beside_and_up_are_not(self):
        self.assertEqual("", self.check("src/proxy/a.cc", '"net/stream.h"'))
        self.assertEqual("", self.check("src/net/a.cc", '"net/stream.h"'))
        self.assertIn("must not include", self.check("src/http/a.cc", '"net/stream.h"'))
        self.assertIn("must not include", self.check("src/base/a.cc", '"proxy/relay.h"'))

    def test_third_parties_have_one_owner(self):
        self.assertEqual("", self.check("src/net/a.cc", "<uv.h>"))
        self.assertIn("only net/", self.check("src/proxy/a.cc", "<uv.h>"))
        self.assertIn("only config/", self.check("src/main.cc", "<yaml-cpp/yaml.h>"))

    def test_include_forms(self):
        self.assertIn("module/file.h", self.check("src/net/a.cc", '"stream.h"'))
        self.assertIn("take quotes", self.check("src/net/a.cc", "<net/stream.h>"))
        self.assertIn("there is no", mends(layers.check("src/net/a.cc", '#include "net/b.h"\n', exists=lambda name: False)))

    def test_the_promise_needs_the_standard_library_only(self):
        self.assertEqual("", self.check("include/weir/a.h", "<vector>"))
        self.assertEqual("", self.check("include/weir/a.h", "<weir/error.h>"))
        self.assertIn("standard library", self.check("include/weir/a.h", "<netinet/in.h>"))
        self.assertIn("standard library", self.check("include/weir/a.h", '"base/hash.h"'))


class DocsAndWords(unittest.TestCase):
    def test_what_looks_like_a_path(self):
        self.assertEqual(docs.looks_like_path("src/net/stream.h"), "src/net/stream.h")
        self.assertEqual(docs.looks_like_path("scripts/test --quick"), "scripts/test")
        self.assertEqual(docs.looks_like_path("proxy/exchange"), "src/proxy/exchange")
        for other in ("weir run -c weir.yaml", "GET /src", "tests/unit/<module>", "docs/decisions/NNNN-x.md", "text/plain"):
            self.assertIsNone(docs.looks_like_path(other), other)

    def test_what_exists(self):
        self.assertTrue(docs.there("tests/style/docs"))
        self.assertTrue(docs.there("tests/style/*.py"))
        self.assertFalse(docs.there("tests/style/nothing.py"))
        self.assertEqual(docs.expanded("a/{b,c}.h"), ["a/b.h", "a/c.h"])

    def test_words(self):
        self.assertIn("one machine", mends(words.check("a.md", "see /" + "home/me/weir/x\n")))
        self.assertIn("last line", mends(words.check("a.md", "end")))
        self.assertEqual([], words.check("a.md", "path_prefix: /work\n/usr/share/x/y\n"))


if __name__ == "__main__":
    unittest.main()
