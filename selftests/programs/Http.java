// SPDX-License-Identifier: GPL-2.0
// What Java has for HTTP: "serve PORT DIRECTORY [ADDRESS]" or "get URL".

import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;

class Http {
	static void serve(String[] args) throws Exception {
		int port = Integer.parseInt(args[1]);
		InetSocketAddress at = args.length > 3 ? new InetSocketAddress(args[3], port)
						       : new InetSocketAddress(port);
		HttpServer server = HttpServer.create(at, 0);

		server.createContext("/", exchange -> {
			Path file = Path.of(args[2] + exchange.getRequestURI().getPath());
			byte[] body = Files.readAllBytes(file);

			exchange.sendResponseHeaders(200, body.length);
			exchange.getResponseBody().write(body);
			exchange.close();
		});
		server.start();
	}

	static void get(String url) throws Exception {
		HttpClient client = HttpClient.newHttpClient();
		HttpRequest request = HttpRequest.newBuilder(URI.create(url)).build();

		System.out.write(client.send(request, HttpResponse.BodyHandlers.ofByteArray()).body());
		System.out.flush();
	}

	public static void main(String[] args) throws Exception {
		if (args[0].equals("serve"))
			serve(args);
		else
			get(args[1]);
	}
}
