// SPDX-License-Identifier: GPL-2.0
// What Go has for HTTP: "serve NETWORK ADDRESS DIRECTORY" or "get URL".
package main

import (
	"io"
	"log"
	"net"
	"net/http"
	"os"
)

func main() {
	if os.Args[1] == "serve" {
		l, err := net.Listen(os.Args[2], os.Args[3])
		if err != nil {
			log.Fatal(err)
		}
		log.Fatal(http.Serve(l, http.FileServer(http.Dir(os.Args[4]))))
	}
	answer, err := http.Get(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	if _, err = io.Copy(os.Stdout, answer.Body); err != nil {
		log.Fatal(err)
	}
}
