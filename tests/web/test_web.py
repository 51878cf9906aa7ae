"""Modules that pages share, as one script."""

import shutil
import subprocess

import pytest

from faig import web

NODE = shutil.which("node")


def test_modules_are_joined_into_one_script():
    first = 'export function double(x) {\n  return 2 * x; // import "x" and export y stay\n}\nexport const two = 2;\n'
    second = 'import { double, two } from "./first.js";\nconst exported = double(two);\n'
    script = web.joined(first, second)
    assert "\nimport" not in script
    assert "function double(x) {" in script.splitlines()
    assert "const two = 2;" in script.splitlines()
    assert '  return 2 * x; // import "x" and export y stay' in script
    assert script.index("function double") < script.index("const exported = double(two);")


@pytest.mark.skipif(NODE is None, reason="there is no node")
@pytest.mark.parametrize("name", ["before_after.js"])
def test_a_joined_module_is_javascript_without_modules(name, tmp_path):
    assert NODE
    file = tmp_path / "script.cjs"  # in which import and export are errors
    file.write_text(web.joined(web.text(name)), encoding="utf-8")
    done = subprocess.run([NODE, "--check", file], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    file.write_text(web.text(name), encoding="utf-8")
    assert subprocess.run([NODE, "--check", file], capture_output=True).returncode != 0
