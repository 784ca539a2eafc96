import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

/** Fetches a page: Client URL */
class Client {
	public static void main(String[] arguments) throws Exception {
		HttpRequest request = HttpRequest.newBuilder(URI.create(arguments[0])).build();
		HttpResponse<String> answer =
				HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
		System.out.println(answer.body());
	}
}
