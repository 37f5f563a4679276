import java.io.File;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import okhttp3.Dns;
import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;

/**
 * One PUT as Conversations makes it: OkHttp, a replayable body, 30 s for writing and no limit for reading.
 * Arguments: URL, file, then the addresses that the URL's host name stands for. Prints the final status.
 */
public class Upload {
    public static void main(String[] args) throws Exception {
        List<InetAddress> addresses = new ArrayList<>();
        for (int i = 2; i < args.length; i++) addresses.add(InetAddress.getByName(args[i]));
        Dns dns = hostname -> addresses;
        OkHttpClient client = new OkHttpClient.Builder()
            .dns(dns)
            .writeTimeout(30, TimeUnit.SECONDS)
            .readTimeout(0, TimeUnit.SECONDS)
            .build();
        RequestBody body = RequestBody.create(MediaType.get("image/jpeg"), new File(args[1]));
        Request request = new Request.Builder().url(args[0]).put(body).build();
        try (Response response = client.newCall(request).execute()) {
            System.out.println("status " + response.code());
        }
        client.connectionPool().evictAll();
        client.dispatcher().executorService().shutdown();
    }
}
