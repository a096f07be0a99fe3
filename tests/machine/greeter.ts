// A component of our own, with everything that a component can have: as files of its folder.
export const greeterFiles = {
  'component.yaml': `programs:
  - package: example.test/greeter
    path: /usr/local/bin/greeter
cgo: true
stamp:
  example.test/greeter/text.Version: v1.2.3
`,
  'go.mod': `module lockstep/components/greeter

go 1.26

tool example.test/greeter

require example.test/greeter v0.0.0

replace example.test/greeter => ./greeter
`,
  'greeting.patch': `It says something else.

diff --git a/example.test/greeter/text/text.go b/example.test/greeter/text/text.go
--- a/example.test/greeter/text/text.go
+++ b/example.test/greeter/text/text.go
@@ -1,4 +1,4 @@
 package text
 
 var Version = "dev"
-const Greeting = "before"
+const Greeting = "after"
`,
  'greeter/go.mod': 'module example.test/greeter\n\ngo 1.26\n',
  'greeter/LICENSE': 'Anybody may greet.\n',
  'greeter/text/text.go': 'package text\n\nvar Version = "dev"\nconst Greeting = "before"\n',
  'greeter/main.go': `package main

// int bits(void) { return 8 * sizeof(void *); }
import "C"
import "example.test/greeter/text"
import "os"
import "strconv"

func main() {
	os.Stdout.WriteString(text.Greeting + " " + text.Version + " " + strconv.Itoa(int(C.bits())) + "\\n")
}
`,
};
